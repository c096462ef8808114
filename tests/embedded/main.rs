//! Tests in a program that embeds Python.

mod modules;
mod threads;
