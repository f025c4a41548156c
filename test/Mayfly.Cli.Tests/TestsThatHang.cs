using System.Diagnostics;
using System.Globalization;
using Mayfly.Linux;

namespace Mayfly.Cli.Tests;

/// <summary>What <c>depot publish</c> tries and what does not end by itself: it ends with all that it started, and nothing is published.</summary>
[Trait("needs", "oracle")]
public sealed class TestsThatHang : IDisposable
{
    /// <summary>
    /// In the foreground, in the background, with a parent that has ended, and in a session of its own; each says who it is first. Of those that an end in the terminal does not reach, one takes no signal that can be refused.
    /// </summary>
    private const string Hanging = """
        me() { sh -c 'echo $PPID' >>pids; }
        (me; exec sleep 1000) &
        ( (me; exec sleep 1000) & )
        setsid sh -c 'trap "" TERM INT HUP; echo $$ >>pids; sleep 1000; sleep 1000' &
        me; echo waiting for the moon; until [ $(wc -l <pids) -ge 4 ]; do sleep 0.1; done; touch begun; sleep 1000
        """;

    private readonly Folder _folder = new();

    public TestsThatHang()
    {
        HardDepot.Wheel(_folder, "one", "1.0", new() { ["one.py"] = "" });
        _folder.With("pylock.toml", HardDepot.Pylock(_folder, ["one"]));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_test_that_takes_longer_than_it_may_is_ended_with_everything()
    {
        Key();
        var watch = Stopwatch.StartNew();
        var ended = HardDepot.Mayfly(_folder, [], [.. Publish, "--test", Hanging, "--test-timeout", "8s"]);

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), $"it took {watch.Elapsed}");
        Assert.Equal((1, ""), (ended.ExitCode, ended.Output));
        Assert.Matches("(?s)error: the test of pylock.toml did not end within 8 seconds, and was ended with all that it had started: `.*`:\n  waiting for the moon\nhint: mend what it waits for, or give it more time with --test-timeout; all that it said is in FOLDER/.store/failed/trial-[0-9a-f]{8}/log\n$", ended.Error);
        NothingIsLeft(4);
        // What hangs holds nobody up afterwards.
        Assert.Equal(0, HardDepot.Mayfly(_folder, [], [.. Publish, "--test", "python -c 'import one'", "--test-timeout", "0"]).ExitCode);
    }

    [Theory, InlineData(15), InlineData(2)]
    public async Task Who_is_told_to_end_ends_everything(int signal)
    {
        Key();
        using var publishing = Invocation.Begin(_folder, new(HardDepot.Usual) { ["PIP_NO_INDEX"] = "1" }, [.. Publish, "--test", Hanging]);
        for (var until = DateTime.UtcNow.AddSeconds(60); !File.Exists($"{_folder.Path}/begun") && DateTime.UtcNow < until && !publishing.HasExited;)
            await Task.Delay(20);
        Assert.True(File.Exists($"{_folder.Path}/begun"), "the test was not begun");

        Assert.True(ProcessIdentity.Of(publishing.Id)!.Value.Signal(signal));
        var ended = Invocation.End(publishing, _folder);

        Assert.Equal((128 + signal, ""), (ended.ExitCode, ended.Output));
        Assert.EndsWith("error: interrupted\nhint: nothing is half-done; run the command again to carry on\n", ended.Error, StringComparison.Ordinal);
        NothingIsLeft(4);
    }

    [Fact]
    public void A_module_that_hangs_as_it_is_imported_is_told()
    {
        Key();
        HardDepot.Wheel(_folder, "slow", "2.0", new() { ["slow.py"] = "import os, time\nopen(os.environ['HOME'] + '/pids', 'w').write(f'{os.getpid()}\\n')\ntime.sleep(1000)\n" });
        _folder.With("pylock.toml", HardDepot.Pylock(_folder, ["one", "slow"]));

        var ended = HardDepot.Mayfly(_folder, new() { ["HOME"] = _folder.Path }, [.. Publish, "--test-timeout", "1.5"]);

        Assert.EndsWith("error: slow 2.0 of pylock.toml cannot be imported (slow) within 1.5 seconds, and said nothing\nhint: mend the wheel, or give it more time with --test-timeout; where importing is no fair test, give another one with --test 'COMMAND'\n", ended.Error, StringComparison.Ordinal);
        NothingIsLeft(1);
    }

    [Fact]
    public void What_a_test_leaves_running_ends_with_it()
    {
        Key();
        var watch = Stopwatch.StartNew();
        var ended = HardDepot.Mayfly(_folder, [], [.. Publish, "--test", "sleep 1000 & echo $! >pids"]);
        Assert.True(ended.ExitCode == 0, ended.Error);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), $"it took {watch.Elapsed}");
        Assert.Empty(Living(1));
    }

    [Theory, InlineData("soon"), InlineData("10 m"), InlineData("-1"), InlineData("1e3"), InlineData("m"), InlineData("31d")]
    public void What_is_no_time_is_told_before_anything_begins(string time)
    {
        var ended = HardDepot.Mayfly(_folder, [], [.. Publish, $"--test-timeout={time}"]);
        Assert.Equal((2, $"error: --test-timeout {time} is no time\nhint: such as 90s, 10m or 2h, at most 30d; 0 for no limit\n"), (ended.ExitCode, ended.Error));
    }

    private static string[] Publish => ["depot", "publish", "pylock.toml", "--to", "depot", "--key", "depot.key"];

    private void Key() => Assert.Equal(0, HardDepot.Mayfly(_folder, [], "depot", "key", "depot.key").ExitCode);

    private void NothingIsLeft(int started)
    {
        Assert.Empty(Living(started));
        Assert.False(Directory.Exists($"{_folder.Path}/depot"), "published all the same");
        Assert.Empty(Directory.GetFileSystemEntries($"{_folder.Path}/.store/tmp"));
    }

    private IEnumerable<ProcessIdentity> Living(int started)
    {
        int[] ids = [.. File.ReadLines($"{_folder.Path}/pids").Select(static line => int.Parse(line, CultureInfo.InvariantCulture))];
        Assert.Equal(started, ids.Distinct().Count());
        return ids.Select(ProcessIdentity.Of).OfType<ProcessIdentity>();
    }
}
