#!/bin/sh
# Stands in for nvcc where there is none. Answers the version question and makes every file it is
# asked for, empty: enough for `cargo check`, useless for anything that runs.
output=
folder=.
source=
while [ "$#" -gt 0 ]; do
  case "$1" in
    --version)
      printf '%s\n' 'nvcc: a stand-in' 'compiles nothing' 'for cargo check' \
        'Cuda compilation tools, release 13.2, V13.2.0'
      exit 0
      ;;
    --output-directory) folder=$2; shift ;;
    -o) output=$2; shift ;;
    *.cu) source=$1 ;;
  esac
  shift
done
if [ -n "$output" ]; then
  : >"$output"
elif [ -n "$source" ]; then
  : >"$folder/$(basename "$source" .cu).ptx"
else
  echo 'the stand-in for nvcc was asked for something it does not know' >&2
  exit 1
fi
