/// Changes whenever any bit of a trained weight would: another order of additions, another polynomial, another
/// rounding. It travels in HELLO and in checkpoints, so that two builds that round differently never train one run.
///
/// 2: the head's way back adds over the vocabulary in parts of 256; in order, 1 lost the fourth digit there.
public let numericsVersion: UInt32 = 2

/// Consecutive parameters of a chunk, the unit in which gradients are reduced, hashed and normed.
public let parametersPerChunk = 262_144
