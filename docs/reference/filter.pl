#!/usr/bin/perl -0p
# Filters a header for Doxygen 1.9.4. Line numbers in its warnings may therefore be a few too large.

# Doxygen cannot hide an inline namespace.
s~^inline namespace GANTRY_TARGET \{(.*?)^\}(?!;)~$1~msg;
s~::inline GANTRY_TARGET~~g;

# Its folder is its group: see index.md.
my ($folder) = $ARGV =~ m~(\w+)/\w+\.hpp~;
s~^(namespace gantry.* \{)$~$1 /** \@addtogroup $folder */ /** \@{ */~mg;
s~^(\}  // namespace gantry)~/** \@} */ $1~mg;

# Markdown requires an empty line before a block of code.
s~^( *///)( [^ \n].*)\n(?= *///     )~$1$2\n$1\n~mg;

# A comment describes all variables of a declaration; for Doxygen, only the last one.
my $variable = qr~\*?\w+(?: = (?:[^,;()\n]|\([^()\n]*\))+|\{\})?~;
s~^( *[\w:<>* ]+) ($variable),\s+($variable; +(///<.*\n))~$1 $2;  $4$1 $3~mg;

# What all layers or all initialisers have, the structs of ops and functors (which have a name), and
# specialisations are no interface of their own.
s~^( +)(static std::string name\(\)|template <class P, .*\n +static auto forward\(|template <class T, class D>\n +void operator\(\)\(D&)~$1/** \@private */ $2~mg;
my $head = qr~(?:///.*\n)*(?:template <.*>\n)*~;
s~^($head(?:struct \w+ \{\n +static constexpr std::string_view name |void \w+(?:<[\w, ]+>)?::vjp\().*?^\};?\n)~/** \@cond */ $1/** \@endcond */\n~msg;
s~^($head(?: *requires .*\n)?(?: +.* )?(?:inline constexpr .*\w+<.*> = .*;\n|(?:struct|class) \w+<.*(?:\{\};\n|(?s:\n.*?)^\};\n)))~/** \@cond */ $1/** \@endcond */\n~mg;

# Doxygen loses what follows a trailing requires-clause or a comparison in a template parameter's default, and
# takes a class that derives from its own specialisation for a recursion.
s~ = S::rank < 2 .*?>~>~g;
s~(\)(?: const)?)\s+requires\b[^{};]*?(?=\s*\{)~$1~g;
s~^(struct (\w+)) : \2<.* \{~$1 {~mg;
