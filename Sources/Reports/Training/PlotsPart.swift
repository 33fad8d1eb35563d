internal import Results

/// The curves of a training.
struct PlotsPart {
  let record: TrainingRecord
  let marks: [PlotMark]

  init(_ record: TrainingRecord) {
    self.record = record
    marks = record.marks
  }

  var html: HTML {
    var parts: [HTML] = []
    let validation = validationLoss
    if !validation.isEmpty { parts.append(validation.figure(isLead: true)) }
    var small: [HTML] = []
    for plot in [bitsPerByte, trainingLoss, learningRate, gradientNorm, ratio] where !plot.isEmpty {
      small.append(plot.figure())
    }
    let time = stepTime
    if !time.isEmpty { small.append(time.figure()) }
    let wire = wireBytes
    if !wire.isEmpty { small.append(wire.figure()) }
    if !small.isEmpty { parts.append("<div class=\"plots\">\n\(small)</div>\n") }
    return HTML(parts)
  }

  private func points(_ label: String) -> [LinePlot.Point] {
    record.rows.compactMap { row in row[label].map { LinePlot.Point(Double(row.step), $0) } }
  }

  private func finished(_ plot: LinePlot, logarithmicAbove: Double? = nil) -> LinePlot {
    var plot = plot
    plot.logarithmicAbove = logarithmicAbove
    plot.marks = marks
    return plot
  }

  private var validationLoss: LinePlot {
    finished(
      LinePlot(
        title: "Loss by validation set", subtitle: "nats a token, on text that training never saw",
        slug: "validation-loss",
        series: record.sets.map { set in
          LinePlot.Series(set.name, set.curve.map { LinePlot.Point(Double($0.step), $0.measure.loss) })
        }), logarithmicAbove: 4)
  }

  private var bitsPerByte: LinePlot {
    finished(
      LinePlot(
        title: "Bits per byte", subtitle: "the same losses over bytes of text", slug: "bits-per-byte",
        series: record.sets.map { set in
          LinePlot.Series(
            set.name,
            set.curve.compactMap { point in
              point.measure.bitsPerByte.map { LinePlot.Point(Double(point.step), $0) }
            })
        }), logarithmicAbove: 4)
  }

  private var trainingLoss: LinePlot {
    let names = sourceNames
    return finished(
      LinePlot(
        title: "Training loss by source", subtitle: "nats a token, rows of the step", slug: "training-loss",
        series: names.map { LinePlot.Series($0, points("loss/\($0)")) }), logarithmicAbove: 4)
  }

  /// Sources that any step drew from, in the ledger's order where there is one.
  private var sourceNames: [String] {
    var names = record.sources.map(\.name)
    for row in record.rows {
      for metric in row.metrics where metric.label.hasPrefix("loss/") {
        let name = String(metric.label.dropFirst(5))
        if !names.contains(name) { names.append(name) }
      }
    }
    return names
  }

  private var learningRate: LinePlot {
    var plot = LinePlot(
      title: "Learning rate", subtitle: "of each step", slug: "learning-rate",
      series: [LinePlot.Series("learning rate", points("learning_rate"))])
    plot.startsAtZero = true
    plot.format = { "\($0)" }
    return finished(plot)
  }

  private var gradientNorm: LinePlot {
    var plot = LinePlot(
      title: "Gradient norm", subtitle: "before clipping", slug: "gradient-norm",
      series: [LinePlot.Series("gradient norm", points("gradient_norm"))])
    if let limit = record.facts?.clipNorm, limit > 0 {
      plot.references = [LinePlot.Reference(limit, "clipped above \(shortest(limit))")]
    }
    return finished(plot, logarithmicAbove: 4)
  }

  private var ratio: LinePlot {
    let requested = record.result["mixture"]?["requested"]?.double ?? record.facts?.requestedRatio
    var plot = LinePlot(
      title: "ALMR", subtitle: "share of all tokens so far from added sources", slug: "almr",
      series: [LinePlot.Series("achieved", points("almr"))])
    if let requested { plot.references = [LinePlot.Reference(requested, "requested \(fixed(requested, digits: 4))")] }
    plot.format = { fixed($0, digits: 5) }
    return finished(plot)
  }

  private var stepTime: StackedBarPlot {
    var plot = StackedBarPlot(
      title: "Time of a step", subtitle: "seconds, mean of the workers that took part", slug: "step-seconds",
      parts: ["computing", "waiting for the exchange", "between steps"],
      columns: record.costs.map {
        StackedBarPlot.Column(x: Double($0.step), values: [$0.computing, $0.waiting, $0.between])
      })
    plot.marks = marks
    plot.note = """
      Between steps lie commits, evaluations and workers that join. A step that lost a worker \
      has only the others' reports.
      """
    return plot
  }

  private var wireBytes: LinePlot {
    let costs = record.costs
    var plot = LinePlot(
      title: "Gradient bytes a step", subtitle: "megabytes that all workers sent, before and after encoding",
      slug: "wire-bytes",
      series: [
        LinePlot.Series("raw", costs.map { LinePlot.Point(Double($0.step), $0.rawBytes / 1e6) }),
        LinePlot.Series("sent", costs.map { LinePlot.Point(Double($0.step), $0.sentBytes / 1e6) }),
      ])
    if !costs.contains(where: { $0.rawBytes > 0 }) { plot.series = [] }
    plot.startsAtZero = true
    return finished(plot)
  }
}
