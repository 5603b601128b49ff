//! How `f32` settings cross borders: as the shortest decimal that names them,
//! in every serializer. Widened to `f64` bit by bit, 0.7 would read
//! 0.699999988079071 in one place and 0.7 in another.

use serde::{Deserialize, Deserializer, Serializer};

fn named(x: f32) -> f64 {
    x.to_string().parse().unwrap_or(f64::from(x))
}

/// Writes one number.
pub fn serialize<S: Serializer>(x: &f32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(named(*x))
}

/// Reads one number.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
    f64::deserialize(deserializer).map(|x| x as f32)
}

/// The same for lists.
pub mod list {
    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes a list of numbers.
    pub fn serialize<S: Serializer>(list: &[f32], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(list.iter().map(|&x| super::named(x)))
    }

    /// Reads a list of numbers.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f32>, D::Error> {
        Vec::<f64>::deserialize(deserializer).map(|list| list.into_iter().map(|x| x as f32).collect())
    }
}
