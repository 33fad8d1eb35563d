/// Values of lm-evaluation-harness 0.4.13: `bootstrap_stderr(perplexity, [-1.0, -2.5, -0.5, -3.0], 2000)`, and
/// `calculate_score_fullscale` for the answer of the test.
enum PythonBootstrap {
  static let perplexity = 3.519109542335028
  static let eqbench = 80.66571946853826
}
