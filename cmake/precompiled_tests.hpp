// The same headers, and those of GoogleTest, for the tests.
#include "precompiled.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
