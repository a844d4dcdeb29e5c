#pragma once
// Eigen's singular value decomposition, which singular_values uses, is compiled once for the tests that call
// it, in svd.cpp: it takes g++ 50 s.
#include <Eigen/SVD>

extern template class Eigen::BDCSVD<Eigen::MatrixXd>;
