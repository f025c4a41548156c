using System.Diagnostics;
using System.Globalization;
using Mayfly.Linux;

namespace Mayfly.Cli.Tests;

/// <summary>What is built of sources ends with Mayfly, in whatever way that ends, with all that the build has started; and what was to be changed is as before.</summary>
[Trait("needs", "oracle")]
public sealed class BuildsThatHang : IDisposable
{
    private const int HangUp = 1, Interrupt = 2, Kill = 9, Terminate = 15;

    /// <summary>Hangs itself, and so do a child, one whose parent has ended, and one in a session of its own that takes no signal that can be refused; each says who it is first.</summary>
    private const string Hanging = """
        import os, subprocess, time

        def build_wheel(folder, config_settings=None, metadata_directory=None):
            home = os.environ["HOME"]
            with open(home + "/pids", "a") as pids:
                pids.write(f"{os.getpid()}\n{subprocess.Popen(['sleep', '1000']).pid}\n")
            subprocess.run("(sleep 1000 & echo $! >>$HOME/pids); setsid sh -c 'trap \"\" INT TERM HUP; echo $$ >>$HOME/pids; sleep 1000; sleep 1000' &", shell=True)
            while len(open(home + "/pids").readlines()) < 4:
                time.sleep(0.05)
            open(home + "/begun", "w").close()
            time.sleep(1000)

        prepare_metadata_for_build_wheel = build_wheel
        """;

    private readonly Folder _folder = new();

    public BuildsThatHang() => _folder.With("hang/backend.py", Hanging).With("hang/pyproject.toml", """
        [build-system]
        requires = []
        build-backend = "backend"
        backend-path = ["."]
        [project]
        name = "hang"
        version = "1.0"
        """).With("pylock.toml", """
        lock-version = "1.0"
        created-by = "a test"
        [[packages]]
        name = "hang"
        directory = { path = "hang" }
        """);

    public void Dispose() => _folder.Dispose();

    private Dictionary<string, string?> Host => new(HardDepot.Usual)
    {
        ["WORKON_HOME"] = $"{_folder.Path}/environments",
        ["PIP_NO_INDEX"] = "1",
        ["HOME"] = _folder.Path,
    };

    [Theory]
    [InlineData("env install ./hang --env shop", Terminate)]
    [InlineData("env install ./hang --env shop", Interrupt)]
    [InlineData("env install ./hang --env shop", HangUp)]
    [InlineData("env install ./hang --env shop", Kill)]
    [InlineData("env upgrade ./hang --env shop", Terminate)]
    [InlineData("env sync --env shop", Terminate)]
    [InlineData("env sync --env shop", Kill)]
    [InlineData("env lock ./hang --python /usr/bin/python3", HangUp)]
    [InlineData("env lock ./hang --python /usr/bin/python3", Kill)]
    [InlineData("env create other ./hang --python /usr/bin/python3", Interrupt)]
    [InlineData("pip --env ROOT install ./hang", Terminate)]
    [InlineData("pip --env ROOT install ./hang", Interrupt)]
    [InlineData("pip --env ROOT install ./hang", HangUp)]
    [InlineData("pip --env ROOT install ./hang", Kill)]
    public async Task A_build_ends_with_all_that_it_started(string line, int signal)
    {
        var root = $"{_folder.Path}/environments/shop";
        Done("env", "create", "shop", "--python", "/usr/bin/python3");
        var before = (Listing(root), _folder.Read("pylock.toml"));
        using var begun = Invocation.Begin(_folder, Host, line.Replace("ROOT", root, StringComparison.Ordinal).Split(' '));
        for (var until = DateTime.UtcNow.AddSeconds(60); !File.Exists($"{_folder.Path}/begun") && DateTime.UtcNow < until && !begun.HasExited;)
            await Task.Delay(20);
        Assert.True(File.Exists($"{_folder.Path}/begun"), begun.HasExited ? Invocation.End(begun, _folder).Error : "the build was not begun");

        Assert.True(ProcessIdentity.Of(begun.Id)!.Value.Signal(signal));
        var ended = Invocation.End(begun, _folder);

        Assert.Equal(128 + signal, ended.ExitCode);
        Assert.Equal(4, Started.Distinct().Count());
        // Nobody waits for the end of what a killed one has left.
        for (var until = DateTime.UtcNow.AddSeconds(signal == Kill ? 20 : 0); Started.Any(static id => ProcessIdentity.Of(id) is not null) && DateTime.UtcNow < until;)
            await Task.Delay(20);
        Assert.DoesNotContain(Started, static id => ProcessIdentity.Of(id) is not null);
        Assert.Equal(before, (Listing(root), _folder.Read("pylock.toml")));
        Assert.False(Directory.Exists($"{_folder.Path}/environments/other"), "made all the same");
        if (signal == Kill)
            Done("env", "list");
        else if (line.StartsWith("pip ", StringComparison.Ordinal))
            Assert.EndsWith("ERROR: Operation cancelled by user\n", ended.Error, StringComparison.Ordinal);
        else
            Assert.EndsWith("error: interrupted\nhint: nothing is half-done; run the command again to carry on\n", ended.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries($"{_folder.Path}/.store/tmp"));
    }

    [Fact]
    public async Task Who_is_not_to_hear_of_a_closed_terminal_goes_on()
    {
        _folder.With("hang/backend.py", Hanging.Replace("1000)", "2)", StringComparison.Ordinal));
        Done("env", "create", "shop", "--python", "/usr/bin/python3");
        var start = new ProcessStartInfo("nohup", ["dotnet", Path.Combine(AppContext.BaseDirectory, "Mayfly.Cli.dll"), "env", "install", "./hang", "--env", "shop"]) { WorkingDirectory = _folder.Path, RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var (name, value) in Host)
            start.Environment[name] = value;
        start.Environment["MAYFLY_STORE"] = $"{_folder.Path}/.store";
        using var begun = Process.Start(start)!;
        for (var until = DateTime.UtcNow.AddSeconds(60); !File.Exists($"{_folder.Path}/begun") && DateTime.UtcNow < until && !begun.HasExited;)
            await Task.Delay(20);
        Assert.True(ProcessIdentity.Of(begun.Id)!.Value.Signal(HangUp));
        var ended = Invocation.End(begun, _folder);
        // That its build gives nothing is another matter.
        Assert.Equal(1, ended.ExitCode);
        Assert.Contains("hang cannot be used: its build says ", ended.Error, StringComparison.Ordinal);
        Assert.DoesNotContain(Started, static id => ProcessIdentity.Of(id) is not null);
    }

    private IEnumerable<int> Started => File.ReadLines($"{_folder.Path}/pids").Select(static line => int.Parse(line, CultureInfo.InvariantCulture));

    private static string Listing(string root) => string.Join('\n', Directory.EnumerateFileSystemEntries(root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(static path => $"{path} {File.GetLastWriteTimeUtc(path).Ticks}"));

    private void Done(params string[] words)
    {
        var said = Invocation.Run(_folder, Host, words);
        Assert.True(said.ExitCode == 0, said.Output + said.Error);
    }
}
