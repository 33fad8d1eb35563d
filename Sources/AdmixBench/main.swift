// admix-bench: times the compute core by itself and prints one JSON object a line.
//   admix-bench gemm      [--threads N] [--seconds S]
//   admix-bench attention [--threads N] [--seconds S]
//   admix-bench adamw     [--threads N] [--seconds S]
//   admix-bench train     [--shape smollm2|small|wide] [--rows R] [--length L] [--threads N] [--steps N]
//                         [--weights FILE] [--serve]
// ADMIX_ISA=avx2|avx512 forces a build. docs/BENCHMARKS.md has what was measured.
import Glibc
import KernelTable

do {
  let options = try BenchOptions(Array(CommandLine.arguments.dropFirst()))
  let kernels = try Kernels.forThisProcessor()
  let pool = ThreadPool(threads: options.threads)
  switch options.subject {
  case .gemm: benchProducts(kernels, pool, seconds: options.seconds)
  case .attention: benchAttention(kernels, pool, seconds: options.seconds)
  case .adamw: try benchAdamW(kernels, pool, seconds: options.seconds)
  case .train: try TrainBench(options, kernels, pool).run()
  }
} catch {
  let message = Array("admix-bench: \(error)\n".utf8)
  _ = write(STDERR_FILENO, message, message.count)
  exit(2)
}
