//! What each setting and fault of the virtual world does, measured on the simulator itself: a test
//! here fails if its setting does nothing.

mod capacity;
mod lossless;
mod streams;
mod talker;
