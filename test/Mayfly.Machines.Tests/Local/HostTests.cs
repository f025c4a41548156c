using System.Net;
using CsCheck;
using Mayfly.Machines.Local;

namespace Mayfly.Machines.Tests.Local;

/// <summary>What is decided about the host without touching it.</summary>
public sealed class HostTests
{
    [Fact]
    public void The_stacks_network_is_the_first_that_touches_nothing()
    {
        Assert.Equal("10.77.0.0", Subnets.Choose([]));
        Assert.Equal("10.77.0.0", Subnets.Choose([IPNetwork.Parse("192.0.2.0/24"), IPNetwork.Parse("10.76.0.0/16")]));
        Assert.Equal("10.79.0.0", Subnets.Choose([IPNetwork.Parse("10.77.3.0/24"), IPNetwork.Parse("10.78.0.7/32")]));
        Assert.Equal("172.16.0.0", Subnets.Choose([IPNetwork.Parse("10.0.0.0/8")]));
        Assert.Throws<MayflyException>(() => Subnets.Choose([IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("172.16.0.0/12"), IPNetwork.Parse("192.168.0.0/16")]));
    }

    [Fact]
    public void Whatever_is_there_the_choice_does_not_touch_it() =>
        Gen.Select(Gen.Int[0, 255], Gen.Int[0, 255], Gen.Int[12, 32]).List[0, 40].Sample(present =>
        {
            List<IPNetwork> networks = [.. present.Select(p => Masked(p.Item1, p.Item2, p.Item3))];
            var chosen = new IPNetwork(IPAddress.Parse(Subnets.Choose(networks)), 16);
            return networks.TrueForAll(network => !network.Contains(chosen.BaseAddress) && !chosen.Contains(network.BaseAddress));
        }, seed: "0000H1bq2E53");

    [Fact]
    public void Bridges_of_long_names_are_short_and_differ()
    {
        Assert.Equal("mf-shop", Network.BridgeOf("shop"));
        Assert.Equal("mf-abcdefghijkl", Network.BridgeOf("abcdefghijkl"));
        Assert.All((string[])["abcdefghijklm", "a-very-long-stack-name-one", "a-very-long-stack-name-two"], name => Assert.True(Network.BridgeOf(name).Length <= 15));
        Assert.NotEqual(Network.BridgeOf("a-very-long-stack-name-one"), Network.BridgeOf("a-very-long-stack-name-two"));
    }

    [Fact]
    public void The_layout_of_control_groups_is_read_from_the_mounts()
    {
        var unified = ControlGroups.Find("proc /proc proc rw 0 0\ncgroup2 /sys/fs/cgroup cgroup2 rw,nosuid 0 0\n")!;
        Assert.True(unified.Unified);
        Assert.Null(unified.HybridMount);
        var hybrid = ControlGroups.Find("cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0\ncgroup /sys/fs/cgroup/memory cgroup rw,memory 0 0\ncgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n")!;
        Assert.False(hybrid.Unified);
        Assert.Equal("/sys/fs/cgroup/unified", hybrid.HybridMount);
        Assert.Equal(["cpu", "cpuacct", "memory"], hybrid.Controllers);
        Assert.Null(ControlGroups.Find("proc /proc proc rw 0 0\n"));
    }

    [Fact]
    [Trait("needs", "root")]
    public void Making_ready_to_move_processes_moves_none()
    {
        var before = File.ReadAllText("/proc/self/cgroup");
        ControlGroups.OfHost().Anticipate();
        Assert.Equal(before, File.ReadAllText("/proc/self/cgroup"));
    }

    [Fact]
    public void Version_2_gets_limits_by_its_own_files_passed_on_from_the_top()
    {
        var root = Directory.CreateTempSubdirectory("mayfly-cgroup-").FullName;
        try
        {
            // The kernel makes these files with the folder; here they are made by writing.
            Directory.CreateDirectory(root + "/mayfly/shop/box");
            File.WriteAllText(root + "/mayfly/shop/box/memory.swap.max", "max");
            var groups = new ControlGroups(unified: true, new Dictionary<string, string> { [""] = root });
            groups.Set("/mayfly/shop/box", new MachineSpec("box", Cpus: 1.5, MemoryBytes: 1 << 30, Processes: 100));
            string Read(string name) => File.ReadAllText(root + "/mayfly/shop/box/" + name);
            Assert.Equal(("150000 100000", "1073741824", "100", "0"), (Read("cpu.max"), Read("memory.max"), Read("pids.max"), Read("memory.swap.max")));
            foreach (var above in (string[])["", "/mayfly", "/mayfly/shop"])
                Assert.True(File.Exists(root + above + "/cgroup.subtree_control"));
            Assert.False(File.Exists(root + "/mayfly/shop/box/cgroup.subtree_control"));
            groups.Set("/mayfly/shop/box", new MachineSpec("box"));
            Assert.Equal(("max", "max", "max"), (Read("cpu.max"), Read("memory.max"), Read("pids.max")));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [Fact]
    public void Published_ports_are_kept_as_text_and_two_stacks_cannot_hold_one()
    {
        var run = Directory.CreateTempSubdirectory("mayfly-ports-").FullName;
        try
        {
            PublishedTarget[] ports = [new(65001, null, [IPEndPoint.Parse("10.77.0.2:80"), IPEndPoint.Parse("10.77.0.3:80")]), new(65002, "127.0.0.1", [])];
            Published.Write(run, "shop", ports);
            var read = Published.Read(run, "shop");
            Assert.Equal((2, 65001, null), (read.Count, read[0].HostPort, read[0].HostAddress));
            Assert.Equal(ports[0].Targets, read[0].Targets);
            Assert.Equal((65002, "127.0.0.1"), (read[1].HostPort, read[1].HostAddress));
            Published.Check(run, "shop", [new PublishedPort(65001, "www", 80)]);
            var clash = Assert.Throws<MayflyException>(() => Published.Check(run, "other", [new PublishedPort(65001, "www", 80, "127.0.0.1")]));
            Assert.Equal("port 65001 is published by the stack 'shop'", clash.Message);
            Assert.Throws<MayflyException>(() => Published.Check(run, "other", [new PublishedPort(65002, "www", 80)]));
            Published.Write(run, "shop", []);
            Published.Check(run, "other", [new PublishedPort(65001, "www", 80)]);
        }
        finally
        {
            Directory.Delete(run, recursive: true);
        }
    }

    [Fact]
    public async Task Logs_are_read_over_rotation_partial_lines_and_truncation()
    {
        var folder = Directory.CreateTempSubdirectory("mayfly-log-").FullName;
        try
        {
            var path = Path.Combine(folder, "i.log");
            File.WriteAllText(path + ".1", "2026-11-23T01:00:00.000000001+00:00 stdout F old\n");
            File.WriteAllText(path, "2026-11-23T01:00:01+00:00 stdout P par\n2026-11-23T01:00:01+00:00 stderr F error\n2026-11-23T01:00:02+00:00 stdout F tial\nbroken\n2026-11-23T01:00:03+00:00 stdout F \n");
            async Task<List<LogLine>> Read(int? last)
            {
                List<LogLine> lines = [];
                await foreach (var line in InstanceLog.ReadAsync(path, "web-1", last, follow: false, CancellationToken.None))
                    lines.Add(line);
                return lines;
            }

            Assert.Equal(["old", "error", "partial", ""], (await Read(null)).Select(line => line.Text));
            Assert.Equal([("partial", false), ("", false)], (await Read(2)).Select(line => (line.Text, line.Error)));

            using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            List<string> followed = [];
            var following = Task.Run(async () =>
            {
                await foreach (var line in InstanceLog.ReadAsync(path, "web-1", 0, follow: true, stop.Token))
                {
                    followed.Add(line.Text);
                    if (line.Text == "end")
                        break;
                }
            });
            await Task.Delay(300);
            File.AppendAllText(path, "2026-11-23T01:00:04+00:00 stdout F before\n2026-11-23T01:00:04+00:00 stdout F la");
            await Task.Delay(200);
            File.AppendAllText(path, "st\n");
            File.Move(path, path + ".1", overwrite: true);
            File.AppendAllText(path + ".1", "2026-11-23T01:00:05+00:00 stdout F late\n");
            File.WriteAllText(path, "2026-11-23T01:00:06+00:00 stdout F after\n");
            await Task.Delay(300);
            File.AppendAllText(path, "2026-11-23T01:00:07+00:00 stdout F end\n");
            await following.WaitAsync(TimeSpan.FromSeconds(20));
            Assert.Equal(["before", "last", "late", "after", "end"], followed);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static IPNetwork Masked(int second, int third, int length)
    {
        var number = ((10u << 24) | ((uint)second << 16) | ((uint)third << 8)) & (uint.MaxValue << (32 - length));
        return new IPNetwork(new IPAddress([(byte)(number >> 24), (byte)(number >> 16), (byte)(number >> 8), (byte)number]), length);
    }
}
