import Testing

@testable import KernelTable

struct HostMemoryTests {
  private let file = "MemTotal:       24689004 kB\nMemFree:        10400 kB\nMemAvailable:   22020000 kB\n"

  @Test func theHostsMemoryIsReadAndAGroupLowersIt() {
    var memory = HostMemory(memoryFile: file)
    #expect(memory.totalBytes == 24_689_004 * 1024 && memory.availableBytes == 22_020_000 * 1024)
    memory.lower(toLimit: 8_000_000_000, used: 5_000_000_000)
    #expect(memory.totalBytes == 8_000_000_000 && memory.availableBytes == 3_000_000_000)
    memory.lower(toLimit: .max, used: 7_000_000_000)
    #expect(memory.totalBytes == 8_000_000_000 && memory.availableBytes == 3_000_000_000)
    memory.lower(toLimit: 1_000, used: 2_000)
    #expect(memory.availableBytes == 0)
  }

  @Test func aHostThatDoesNotSayHasNoLimit() {
    for text in ["", "MemTotal:\n", "MemTotal: many kB\nMemAvailable: -1 kB\n"] {
      let memory = HostMemory(memoryFile: text)
      #expect(memory.totalBytes == .max && memory.availableBytes == .max)
    }
  }

  @Test func groupsAboveCountToo() {
    #expect(
      ControlGroup.folders("/system.slice/admix.service", below: "/sys/fs/cgroup") == [
        "/sys/fs/cgroup/system.slice/admix.service", "/sys/fs/cgroup/system.slice", "/sys/fs/cgroup",
      ])
    #expect(ControlGroup.folders("/../../x", below: "/g") == ["/g/x", "/g"])
    #expect(ControlGroup.all(groupFile: "nonsense\n3:cpu:/a\n").isEmpty)
  }

  @Test func thisHostHasMemoryAndALimitLowersIt() throws {
    let host = try HostMemory.now(limit: nil)
    #expect(host.totalBytes > 100_000_000 && host.availableBytes > 0)
    let limited = try HostMemory.now(limit: "1000000")
    #expect(limited.totalBytes == 1_000_000 && limited.availableBytes == 1_000_000)
  }

  @Test(arguments: ["8GB", "-1", "0", "1e9", "99999999999999999999999"])
  func aLimitThatIsNoNumberIsRefusedInASentence(text: String) {
    let error = #expect(throws: HostMemoryError.self) { try HostMemory.now(limit: text) }
    #expect(error?.description.contains("ADMIX_MEMORY_LIMIT is '\(text)'; expected a number of bytes") == true)
  }
}
