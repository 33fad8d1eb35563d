import Testing

@testable import Reports

@Suite("Plots")
struct PlotTests {
  @Test("Ticks are round numbers that cover the data")
  func ticks() {
    #expect(AxisTicks.linear(0...25, count: 5, fromZero: true).labels == ["0", "5", "10", "15", "20", "25"])
    #expect(AxisTicks.linear(0...0.001, count: 4, fromZero: true).labels == ["0", "2.5e-4", "5e-4", "7.5e-4", "1e-3"])
    #expect(AxisTicks.linear(0...12_000, count: 4, fromZero: true).labels == ["0", "5,000", "10,000", "15,000"])
    #expect(AxisTicks.linear(-1.2...1.1, count: 4).labels.contains("−1"))
    #expect(AxisTicks.linear(3...3, count: 4).range.contains(3))
    #expect(AxisTicks.linear(0...0, count: 4, fromZero: true).values.count > 1)
    #expect(AxisTicks.steps(0...60, count: 5).labels == ["0", "20", "40", "60"])
    #expect(AxisTicks.steps(1...1, count: 5).range == 1...2)
    #expect(AxisTicks.logarithmic(2.6...24).labels == ["2", "3", "5", "7", "10", "20", "30"])
    for power in -12...12 {
      var scale = 1.0
      for _ in 0..<abs(power) { scale = power < 0 ? scale / 10 : scale * 10 }
      for span in [1, 1.7, 3, 4.4, 9.9] {
        let ticks = AxisTicks.linear(0...span * scale, count: 5, fromZero: true)
        #expect((2...12).contains(ticks.values.count), "\(span * scale): \(ticks.labels)")
        #expect(Set(ticks.labels).count == ticks.labels.count, "\(ticks.labels)")
        #expect(ticks.range.upperBound >= span * scale)
      }
    }
  }

  @Test("Many points become buckets that keep the least, the greatest and the mean; a gap stays a gap")
  func buckets() {
    let points = (0..<1000).map { LinePlot.Point(Double($0), $0 == 500 ? 100 : $0 < 100 ? .nan : 1) }
    let buckets = PointBuckets(points, count: 100)
    #expect(buckets.isThinned)
    #expect(buckets.all.count == 100)
    #expect(buckets.all[50].high == 100 && buckets.all[50].low == 1 && abs(buckets.all[50].mean - 10.9) < 1e-9)
    #expect(buckets.all[0].mean.isNaN)
    #expect(!PointBuckets(points, count: 1000).isThinned)
  }

  @Test("No coordinate is ever not a number, whatever is plotted")
  func coordinates() {
    let strange: [[Double]] = [
      [], [.nan], [.infinity, 1], [0, 0], [1e300, -1e300], [1e-300, 1], [-1.7e308, 1.7e308], [-1, -2, -3], [1e-9, 1e9],
    ]
    for values in strange {
      var plot = LinePlot(
        title: "t", subtitle: "s", slug: "x",
        series: [LinePlot.Series("a", values.enumerated().map { LinePlot.Point(Double($0.offset), $0.element) })])
      plot.logarithmicAbove = 4
      plot.marks = [PlotMark(x: 0.5, number: 1, text: "m", isCalm: false)]
      let markup = plot.figure(isLead: true).markup
      #expect(!markup.contains("\"nan") && !markup.contains(" nan") && !markup.contains("inf "), "\(values)")
      let bars = StackedBarPlot(
        title: "t", subtitle: "s", slug: "x", parts: ["a"],
        columns: values.enumerated().map { StackedBarPlot.Column(x: Double($0.offset), values: [$0.element]) })
      #expect(!bars.figure().markup.contains("\"nan"), "\(values)")
    }
  }

  @Test("Series differ by colour, dash and marker")
  func styles() {
    let styles = (0..<6).map { SeriesStyle(index: $0) }
    #expect(Set(styles.map { $0.stroke.markup }).count == 6)
    #expect(Set(styles.map { $0.dash.markup }).count == 6)
    #expect(Set(styles.map { $0.marker(x: 0, y: 0).markup }).count == 6)
  }

  @Test("Comma-separated values quote what needs it")
  func csv() {
    var csv = CSVText(["step", "a,b"])
    csv.add(["1", "say \"x\""])
    csv.add(["-2.5", "=1+1"])
    #expect(csv.text == "step,\"a,b\"\r\n1,\"say \"\"x\"\"\"\r\n-2.5,'=1+1\r\n")
  }
}
