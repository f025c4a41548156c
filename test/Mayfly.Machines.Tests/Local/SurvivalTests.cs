using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Mayfly.Machines.Local;
using Mayfly.Packages;

namespace Mayfly.Machines.Tests.Local;

[Trait("needs", "root")]
public sealed class SurvivalTests : IAsyncLifetime
{
    private readonly LocalHost _host = new();

    [Fact]
    public async Task An_instance_its_log_and_its_exit_code_outlive_the_process_that_started_it()
    {
        var label = _host.Label(_host.Spec("svc", "/bin/sh", "-c", "trap 'exit 6' USR1; echo begun; while :; do sleep 0.1; done"));
        using (var starter = Start(label))
        {
            Assert.Equal("begin", await starter.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60)));
            Assert.Equal("started", await starter.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60)));
            starter.Kill();
            await starter.WaitForExitAsync();
        }

        var found = _host.Runtime.Find(label.Id)!;
        Assert.Equal(RunPhase.Running, found.Phase);
        Assert.Equal(label.Spec.Command, found.Label.Spec.Command);
        Assert.Equal(0, (await _host.Runtime.ExecAsync(label.Id, ["/bin/sh", "-c", "echo x > /tmp/y && kill -USR1 1"], null, CancellationToken.None)).ExitCode);
        Assert.Equal(6, (await _host.Runtime.WaitAsync(label.Id, CancellationToken.None)).Code);
        Assert.Equal("begun", await _host.OutputAsync(label.Id));
    }

    [Fact]
    public async Task A_start_that_is_killed_at_any_moment_is_whole_or_can_be_removed_without_a_trace()
    {
        var random = new Random(20261123);
        var (running, broken) = (0, 0);
        for (var n = 0; n < 8; n++)
        {
            var label = _host.Label(_host.Spec("svc", "/bin/sleep", "1000"));
            using var starter = Start(label);
            Assert.Equal("begin", await starter.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(60)));
            await Task.Delay(random.Next(1000));
            starter.Kill();
            await starter.WaitForExitAsync();
            switch (_host.Runtime.Find(label.Id)?.Phase)
            {
                case RunPhase.Running:
                    running++;
                    Assert.Equal(0, (await _host.Runtime.ExecAsync(label.Id, ["true"], null, CancellationToken.None)).ExitCode);
                    break;
                case RunPhase.Created:
                    broken++;
                    // The next agent starts it again under the same id.
                    Assert.Equal(RunPhase.Running, (await _host.Runtime.StartAsync(label, CancellationToken.None)).Phase);
                    break;
            }

            await _host.Runtime.DeleteAsync(label.Id, CancellationToken.None);
        }

        Assert.True(running + broken > 0, "no start got so far that it left anything");
        await Leftovers.RemoveAsync(_host.Runtime, _host.Network, _host.Volumes, _host.Stack, CancellationToken.None);
        Assert.Empty(await Leftovers.FindAsync(_host.Programs, _host.Stack, CancellationToken.None, _host.RunFolder));
    }

    [Fact]
    public async Task An_instance_whose_monitor_was_killed_ends_without_a_code()
    {
        var instance = await _host.StartAsync(_host.Spec("svc", "/bin/sleep", "1000"));
        var folder = new InstanceFolder(_host.RunFolder, instance.Id);
        folder.Monitor()!.Value.Signal(9);
        await RuntimeTests.Eventually(() => Task.FromResult(folder.Monitor() is null));
        _host.Runtime.Signal(instance.Id, "SIGKILL");
        Assert.Equal(-1, (await _host.Runtime.WaitAsync(instance.Id, CancellationToken.None)).Code);
    }

    [Fact]
    public async Task Everything_of_a_stack_goes_and_its_volumes_and_logs_stay()
    {
        var spec = _host.Spec("svc", "/bin/sh", "-c", "echo hi; sleep 1000 & sleep 1000 & wait") with { Volumes = [new VolumeUse("data", "/data", "nobody")] };
        var instance = await _host.StartAsync(spec);
        await _host.Volumes.CopyAsync(_host.Stack, "trial", CancellationToken.None);
        var before = await Leftovers.FindAsync(_host.Programs, _host.Stack, CancellationToken.None, _host.RunFolder);
        string[] rules = LocalHost.OnSecondKernel ? [] : ["nftables table "];
        foreach (var kind in (string[])["folder ", "process ", "control group ", "link mf-", "link mfv", .. rules])
            Assert.Contains(before, thing => thing.StartsWith(kind, StringComparison.Ordinal));
        Assert.Contains(before, thing => thing.EndsWith("(monitor)", StringComparison.Ordinal));
        await Leftovers.RemoveAsync(_host.Runtime, _host.Network, _host.Volumes, _host.Stack, CancellationToken.None);
        Assert.Empty(await Leftovers.FindAsync(_host.Programs, _host.Stack, CancellationToken.None, _host.RunFolder));
        Assert.Equal(["data"], _host.Volumes.List(_host.Stack).Select(volume => volume.Name));
        Assert.False(Directory.Exists(Path.GetDirectoryName(_host.Volumes.PathOf(_host.Stack, "trial", "data"))));
        Assert.True(File.Exists(InstanceLog.PathOf(_host.Store, _host.Stack, instance.Id)));
        Assert.DoesNotContain(instance.Id, File.ReadAllText("/proc/self/mounts"), StringComparison.Ordinal);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    /// <summary>The tests' own program, also when the dotnet host has loaded it.</summary>
    internal static string Self => Path.ChangeExtension(typeof(SurvivalTests).Assembly.Location, null);

    /// <summary>This very program again, as another process that starts the instance and then waits.</summary>
    private Process Start(InstanceLabel label)
    {
        var spec = Path.Combine(_host.Root, label.Id + ".json");
        File.WriteAllBytes(spec, System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(label, LabelJson.Default.InstanceLabel));
        return Process.Start(new ProcessStartInfo(Self)
        {
            RedirectStandardOutput = true,
            Environment = { ["MAYFLY_TEST_START"] = string.Join('|', spec, _host.Store.Root, _host.RunFolder, _host.Programs.Crun, _host.Programs.Conmon, _host.Programs.Nft) },
        })!;
    }

    /// <summary>This very program again, as a command line that attaches to an instance: what it printed, and its exit code.</summary>
    internal static string Attach(LocalHost host, string id, string shell, bool terminal, string script)
    {
        var start = Attachment(host, id, terminal, times: 1, script);
        return LocalHost.Sh($"export MAYFLY_TEST_ATTACH=\"{start}\"; {string.Format(System.Globalization.CultureInfo.InvariantCulture, shell, Self)}; echo $?");
    }

    /// <summary>What <see cref="Self"/> attaches to, one time after the other, when it has this in the variable MAYFLY_TEST_ATTACH.</summary>
    internal static string Attachment(LocalHost host, string id, bool terminal, int times, string script) =>
        string.Join('|', host.Store.Root, host.RunFolder, host.Programs.Crun, host.Programs.Conmon, host.Programs.Nft, id, terminal, times, script);

    [ModuleInitializer]
    internal static void AttachForAnother()
    {
        if (Environment.GetEnvironmentVariable("MAYFLY_TEST_ATTACH")?.Split('|', 9) is not [var store, var run, var crun, var conmon, var nft, var id, var terminal, var times, var script])
            return;
        Environment.SetEnvironmentVariable("MAYFLY_TEST_ATTACH", null);
        using var hangUp = new CancellationTokenSource();
        // SIGUSR1 does what a stack's command line does at the first SIGTERM; that one has its usual effect here.
        using var asked = PosixSignalRegistration.Create((PosixSignal)10, context =>
        {
            context.Cancel = true;
            hangUp.Cancel();
        });
        var runtime = new Runtime(Store.Open(store), new RuntimePrograms(crun, conmon, nft), run);
        var code = 0;
        for (var left = int.Parse(times, System.Globalization.CultureInfo.InvariantCulture); left > 0; left--)
            code = runtime.ExecAttached(id, script.Contains(' ', StringComparison.Ordinal) ? ["/bin/sh", "-c", script] : [script], bool.Parse(terminal), hangUp.Token);
        Environment.Exit(code);
    }

    [ModuleInitializer]
    internal static void StartForAnother()
    {
        if (Environment.GetEnvironmentVariable("MAYFLY_TEST_START")?.Split('|') is not [var spec, var store, var run, var crun, var conmon, var nft])
            return;
        var label = System.Text.Json.JsonSerializer.Deserialize(File.ReadAllBytes(spec), LabelJson.Default.InstanceLabel)!;
        var runtime = new Runtime(Store.Open(store), new RuntimePrograms(crun, conmon, nft), run);
        Console.Out.WriteLine("begin");
        Console.Out.Flush();
        runtime.StartAsync(label, CancellationToken.None).GetAwaiter().GetResult();
        Console.Out.WriteLine("started");
        Console.Out.Flush();
        Thread.Sleep(Timeout.Infinite);
    }
}
