using System.Diagnostics;
using System.Text;
using Mayfly.Machines.Local;

namespace Mayfly.Machines.Tests.Local;

/// <summary>Commands with a terminal, typed at one that script(1) makes.</summary>
[Trait("needs", "root")]
public sealed class TerminalTests : IAsyncLifetime
{
    private readonly LocalHost _host = new();
    private string _id = null!;

    [Fact]
    public async Task Of_many_short_commands_each_has_shown_all_that_it_wrote()
    {
        using var session = Begin("{0}", "tty; echo last", times: 100);
        var (code, output) = await session.EndAsync();
        Assert.Equal(0, code);
        Assert.Equal(Enumerable.Repeat("/dev/pts/0\nlast\n", 100), output.Split("/dev", StringSplitOptions.RemoveEmptyEntries).Select(part => "/dev" + part));
    }

    [Fact]
    public async Task Much_that_is_written_just_before_the_end_is_shown_whole()
    {
        using var session = Begin("{0}", "seq 1 20000; exit 3");
        var (code, output) = await session.EndAsync();
        Assert.Equal(3, code);
        Assert.Equal(string.Concat(Enumerable.Range(1, 20000).Select(n => $"{n}\n")), output);
    }

    [Fact]
    public async Task Its_size_is_the_callers_and_follows_it()
    {
        var mark = Path.Combine(_host.Root, "mark");
        // The runtime sets the size while it already starts the command, which in one of a hundred cases sees none yet.
        using var session = Begin($"stty rows 33 cols 77; (until test -e {mark}; do sleep 0.05; done; stty -F /dev/tty rows 40 cols 90) & {{0}}",
            "while test \"$(stty size)\" = '0 0'; do :; done; stty size; while test \"$(stty size)\" = '33 77'; do sleep 0.05; done; stty size");
        await session.ShowsAsync("33 77\n");
        File.WriteAllText(mark, "");
        Assert.Equal((0, "33 77\n40 90\n"), await session.EndAsync());
    }

    [Theory]
    [InlineData("{0} < /dev/null")]
    [InlineData("{0} < /dev/null | cat")]
    [InlineData("echo x | {0} | cat")]
    public async Task The_callers_streams_need_not_be_terminals_and_the_end_of_its_input_is_the_commands(string shell)
    {
        using var session = Begin("stty rows 33 cols 77; " + shell, "stty -echo; echo begun; cat > /dev/null; tty; seq 1 3000");
        var (code, output) = await session.EndAsync();
        Assert.Equal(0, code);
        Assert.EndsWith("begun\n/dev/pts/0\n" + string.Concat(Enumerable.Range(1, 3000).Select(n => $"{n}\n")), output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_who_looks_hangs_the_command_up()
    {
        using var session = Begin("({0}; echo $? > /dev/tty) | head -n 1", "while :; do echo more; done");
        Assert.Equal((0, "more\n129\n"), await session.EndAsync());
    }

    [Fact]
    public async Task What_is_typed_reaches_the_command()
    {
        using var session = Begin("{0}", "echo ready; read line; echo \"<$line>\"");
        await session.ShowsAsync("ready\n");
        session.Type("a word\r");
        // The first one is the command's own terminal, which shows what is typed; the caller's does not show it again.
        Assert.Equal((0, "ready\na word\n<a word>\n"), await session.EndAsync());
    }

    [Fact]
    public async Task Ctrl_C_and_Ctrl_D_are_the_commands()
    {
        using var session = Begin("{0}", "trap 'echo inside; cat; exit 42' INT; echo ready; while :; do sleep 0.05; done");
        await session.ShowsAsync("ready\n");
        session.Type("\x03");
        await session.ShowsAsync("inside\n");
        session.Type("\x04");
        Assert.Equal((42, "ready\n^Cinside\n"), await session.EndAsync());
    }

    [Fact]
    public async Task A_command_that_does_not_read_still_shows_what_it_writes()
    {
        using var session = Begin("{0}", "stty raw -echo; echo ready; sleep 1; seq 1 5000; exit 4");
        await session.ShowsAsync("ready\n");
        // More than a terminal holds.
        session.Type(new string('x', 100_000));
        var (code, output) = await session.EndAsync();
        Assert.Equal(4, code);
        Assert.Equal("ready\n" + string.Concat(Enumerable.Range(1, 5000).Select(n => $"{n}\n")), output);
    }

    [Fact]
    public async Task A_command_that_closes_its_terminal_goes_on_and_may_open_it_again()
    {
        using var session = Begin("{0}", "echo one; exec < /dev/null > /dev/null 2>&1; sleep 0.3; exec > /dev/tty; seq 1 5000; exit 6");
        Assert.Equal((6, "one\n" + string.Concat(Enumerable.Range(1, 5000).Select(n => $"{n}\n"))), await session.EndAsync());
    }

    [Theory]
    [InlineData("trap '' HUP; sleep 500 & echo begun", "begun\n")]
    [InlineData("setsid sh -c 'while :; do echo more; done' > /dev/tty & sleep 0.2", "more\n")]
    public async Task What_it_leaves_in_the_background_does_not_hold_the_caller(string script, string shown)
    {
        using var session = Begin("{0}", script);
        var (code, output) = await session.EndAsync();
        Assert.Equal(0, code);
        Assert.StartsWith(shown, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_executed_is_said_and_has_the_shells_code()
    {
        using var session = Begin("{0}", "no-such-program");
        var (code, output) = await session.EndAsync();
        Assert.Equal(127, code);
        Assert.Contains("executable file `no-such-program` not found in $PATH: No such file or directory", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_runtime_that_ends_without_a_terminal_does_not_hold_the_caller()
    {
        var failing = new Runtime(_host.Store, new RuntimePrograms("/bin/false", _host.Programs.Conmon, _host.Programs.Nft), _host.RunFolder);
        Assert.Equal(1, failing.ExecAttached(_id, ["true"], terminal: true, CancellationToken.None));
        Assert.Empty(Directory.GetFiles(Path.Combine(_host.RunFolder, "instances", _id), "exec-*"));
    }

    [Fact]
    public async Task The_caller_s_terminal_is_as_before_whether_the_command_ends_or_its_own_process_is_ended()
    {
        var (before, after, process) = (Path.Combine(_host.Root, "before"), Path.Combine(_host.Root, "after"), Path.Combine(_host.Root, "process"));
        var around = $"stty -a > {before}; sh -c \"echo \\$\\$ > {process}; exec {{0}}\"; code=$?; stty -a > {after}; exit $code";
        using (var session = Begin(around, "echo ready; read line; exit 5"))
        {
            await session.ShowsAsync("ready\n");
            session.Type("\r");
            Assert.Equal(5, (await session.EndAsync()).Code);
            Assert.Equal(File.ReadAllText(before), File.ReadAllText(after));
        }

        // A command line that does not hear signals ends by them, one that does hangs the command up; either way that gets SIGHUP.
        foreach (var (signal, expected) in ((string, int)[])[("TERM", 128 + 15), ("USR1", 128 + 1), ("INT", 128 + 2)])
        {
            File.Delete(after);
            using var session = Begin(around, "echo ready; exec sleep 812");
            await session.ShowsAsync("ready\n");
            LocalHost.Sh($"kill -{signal} $(cat {process})");
            Assert.Equal(expected, (await session.EndAsync()).Code);
            Assert.Equal(File.ReadAllText(before), File.ReadAllText(after));
            await RuntimeTests.Eventually(() => Task.FromResult(!Commands().Any(line => line.Contains("812", StringComparison.Ordinal))));
        }
    }

    [Fact]
    public async Task A_terminal_that_is_closed_hangs_the_command_up()
    {
        using var session = Begin("trap '' HUP; exec {0}", "echo ready; exec sleep 813");
        await session.ShowsAsync("ready\n");
        session.Close();
        await RuntimeTests.Eventually(() => Task.FromResult(!Commands().Any(line => line.Contains("813", StringComparison.Ordinal))));
    }

    public async ValueTask InitializeAsync() => _id = (await _host.StartAsync(_host.Spec("svc", "/bin/sleep", "1000"))).Id;

    public async ValueTask DisposeAsync()
    {
        await Leftovers.RemoveAsync(_host.Runtime, _host.Network, _host.Volumes, _host.Stack, CancellationToken.None);
        await _host.DisposeAsync();
    }

    /// <summary>The command lines of what runs in the instance.</summary>
    private IEnumerable<string> Commands() => ControlGroups.OfHost().Processes($"{ControlGroups.Top}/{_host.Stack}/box/{_id}")
        .Select(process => InstanceFolder.Read($"/proc/{process}/cmdline") ?? "");

    /// <param name="shell">What the shell at the terminal runs; {0} is what attaches.</param>
    /// <param name="script">What that runs in the instance.</param>
    private Session Begin(string shell, string script, int times = 1) =>
        new(string.Format(System.Globalization.CultureInfo.InvariantCulture, shell, SurvivalTests.Self), SurvivalTests.Attachment(_host, _id, terminal: true, times, script));

    /// <summary>Somebody at a terminal: what they type, and what they see.</summary>
    private sealed class Session : IDisposable
    {
        private readonly Process _script;
        private readonly StringBuilder _seen = new();
        private readonly Task _reading;

        public Session(string shell, string attachment)
        {
            _script = Process.Start(new ProcessStartInfo("/usr/bin/script", ["-qefc", shell, "/dev/null"])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                Environment = { ["MAYFLY_TEST_ATTACH"] = attachment, ["SHELL"] = "/bin/sh" },
            })!;
            _reading = Task.Run(async () =>
            {
                var buffer = new char[4096];
                int count;
                while ((count = await _script.StandardOutput.ReadAsync(buffer)) > 0)
                {
                    lock (_seen)
                        _seen.Append(buffer, 0, count);
                }
            });
        }

        private string Seen
        {
            get
            {
                lock (_seen)
                    return _seen.Replace("\r", "").ToString();
            }
        }

        public void Type(string keys)
        {
            _script.StandardInput.Write(keys);
            _script.StandardInput.Flush();
        }

        public Task ShowsAsync(string text) => RuntimeTests.Eventually(() => Task.FromResult(Seen.EndsWith(text, StringComparison.Ordinal)));

        /// <summary>Waits for the end: the exit code, and all that was shown.</summary>
        public async Task<(int Code, string Output)> EndAsync()
        {
            await _script.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(2));
            await _reading.WaitAsync(TimeSpan.FromSeconds(20));
            return (_script.ExitCode, Seen);
        }

        /// <summary>The terminal goes away, as when its window is closed.</summary>
        public void Close() => _script.Kill();

        public void Dispose()
        {
            if (!_script.HasExited)
                _script.Kill();
            _script.Dispose();
        }
    }
}
