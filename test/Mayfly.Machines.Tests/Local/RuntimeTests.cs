using Mayfly.Machines.Local;

namespace Mayfly.Machines.Tests.Local;

[Trait("needs", "root")]
[Trait("needs", "oracle")]
public sealed class RuntimeTests : IAsyncLifetime
{
    private readonly LocalHost _host = new();

    [Fact]
    public async Task An_instance_runs_to_its_end_and_leaves_its_exit_code_and_log()
    {
        var instance = await _host.StartAsync(_host.Spec("hello", "/bin/sh", "-c", "echo out; echo err >&2; exit 7"));
        var exit = await _host.Runtime.WaitAsync(instance.Id, CancellationToken.None);
        Assert.Equal(7, exit.Code);
        Assert.False(exit.OutOfMemory);
        Assert.Equal(RunPhase.Ended, _host.Runtime.Find(instance.Id)!.Phase);
        var lines = new List<LogLine>();
        await foreach (var line in InstanceLog.ReadAsync(InstanceLog.PathOf(_host.Store, _host.Stack, instance.Id), "hello-1", null, follow: false, CancellationToken.None))
            lines.Add(line);
        Assert.Equal([("out", false), ("err", true)], lines.OrderBy(line => line.Error).Select(line => (line.Text, line.Error)));
        Assert.InRange(DateTimeOffset.UtcNow - lines[0].Time, TimeSpan.Zero, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task It_has_no_capabilities_no_new_privileges_and_a_filter()
    {
        var (code, output) = await _host.RunAsync("cat /proc/self/status; id -u; cat /proc/sys/net/ipv4/ip_unprivileged_port_start; touch /proc/sys/kernel/hostname 2>/dev/null && echo writable; unshare -r true 2>&1; mount -t tmpfs x /tmp 2>&1; echo end");
        Assert.Equal(0, code);
        foreach (var set in (string[])["Inh", "Prm", "Eff", "Bnd", "Amb"])
            Assert.Contains($"Cap{set}:\t0000000000000000", output, StringComparison.Ordinal);
        Assert.Contains("NoNewPrivs:\t1", output, StringComparison.Ordinal);
        Assert.Contains("Seccomp:\t2", output, StringComparison.Ordinal);
        Assert.Contains("\n65534\n0\nunshare: unshare failed: Operation not permitted\n", output, StringComparison.Ordinal);
        Assert.Contains("mount: ", output, StringComparison.Ordinal);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _host.DisposeAsync();
}
