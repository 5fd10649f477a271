//! Is a caller's address found, and is what is not known asked about instead of guessed? Noise over the sample's own addresses.

mod noise;
