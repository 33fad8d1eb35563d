/// Changes whenever any bit of a trained weight would: another order of additions, another polynomial, another
/// rounding. It travels in HELLO and in checkpoints, so that two builds that round differently never train one run.
public let numericsVersion: UInt32 = 1

/// Consecutive parameters of a chunk, the unit in which gradients are reduced, hashed and normed.
public let parametersPerChunk = 262_144
