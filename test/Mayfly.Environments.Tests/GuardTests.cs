using System.Diagnostics;
using System.Globalization;
using Mayfly.Linux;

namespace Mayfly.Environments.Tests;

/// <summary>guard.py ends what a program has started, when that ends and when nobody holds its input any more; also where Python was built without ctypes.</summary>
[Trait("needs", "oracle")]
public sealed class GuardTests : IDisposable
{
    private const string Without = "import sys\nsys.modules['ctypes'] = None\n";

    /// <summary>A child, one whose parent has ended, and one in a session of its own that takes no signal that can be refused.</summary>
    private const string Starting = "sleep 1000 & echo $! >>pids; (sleep 1000 & echo $! >>pids); setsid sh -c 'trap \"\" INT TERM HUP; echo $$ >>pids; sleep 1000; sleep 1000' & until [ $(wc -l <pids) -ge 3 ]; do sleep 0.02; done; ";

    private readonly string _folder = Directory.CreateTempSubdirectory("mayfly-guard-").FullName;

    public void Dispose() => Trees.Remove(_folder);

    [Theory, InlineData("", "exit 7", 7), InlineData(Without, "exit 7", 7), InlineData("", "kill -TERM $$", 143), InlineData(Without, "exec cat", 0)]
    public async Task What_is_left_ends_with_the_program_whose_code_is_given(string before, string last, int code)
    {
        using var guard = Begin(before, Starting + last);
        await guard.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(code, guard.ExitCode);
        Assert.Equal(3, Started.Distinct().Count());
        Assert.DoesNotContain(Started, static id => ProcessIdentity.Of(id) is not null);
    }

    [Theory, InlineData(""), InlineData(Without)]
    public async Task All_ends_when_nobody_holds_its_input(string before)
    {
        using var guard = Begin(before, $"{Starting} touch begun; sleep 1000");
        for (var until = DateTime.UtcNow.AddSeconds(60); !File.Exists($"{_folder}/begun") && DateTime.UtcNow < until;)
            await Task.Delay(20, TestContext.Current.CancellationToken);
        Assert.False(guard.HasExited);
        guard.StandardInput.Close();
        await guard.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(3, Started.Distinct().Count());
        Assert.DoesNotContain(Started, static id => ProcessIdentity.Of(id) is not null);
    }

    [Fact]
    public async Task A_program_that_is_not_there_is_told()
    {
        using var guard = Begin("", null);
        Assert.Equal($"{_folder}/none cannot be started: No such file or directory\n", await guard.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await guard.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(127, guard.ExitCode);
    }

    private IEnumerable<int> Started => File.ReadLines($"{_folder}/pids").Select(static line => int.Parse(line, CultureInfo.InvariantCulture));

    private Process Begin(string before, string? line) => Process.Start(new ProcessStartInfo("/usr/bin/python3", ["-I", "-S", "-c", before + EmbeddedText.Of("guard.py"), .. line is null ? (string[])[$"{_folder}/none"] : ["/bin/sh", "-c", line]])
    {
        WorkingDirectory = _folder,
        RedirectStandardInput = true,
        RedirectStandardError = true,
    })!;
}
