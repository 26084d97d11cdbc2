//! Minimisers and root finders: functions of vectors in, minima out.
