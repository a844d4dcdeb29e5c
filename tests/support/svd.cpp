#include "support/svd.hpp"

template class Eigen::BDCSVD<Eigen::MatrixXd>;
