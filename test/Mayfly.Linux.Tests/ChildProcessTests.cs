using System.Diagnostics;

namespace Mayfly.Linux.Tests;

public sealed class ChildProcessTests
{
    private static readonly Dictionary<string, string> NoEnvironment = [];

    [Fact]
    public void A_child_gets_exactly_the_descriptors_and_environment_that_it_is_given()
    {
        using var nothing = File.OpenHandle("/dev/null", access: FileAccess.ReadWrite);
        var (read, write) = ChildProcess.Pipe();
        using (read)
        {
            var child = ChildProcess.Start(["/bin/sh", "-c", "echo \"$A\"; exec ls /proc/self/fd"],
                new Dictionary<string, string> { ["A"] = "b c", ["PATH"] = "/usr/bin:/bin" }, [nothing, write, nothing, nothing]);
            write.Dispose();
            using var reader = new StreamReader(new FileStream(read, FileAccess.Read));
            var lines = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
            Assert.Equal(0, child.Wait());
            Assert.Equal("b c", lines[0]);
            Assert.Equal(["0", "1", "2", "3", "4"], lines[1..]); // 4 is ls reading the folder
        }
    }

    [Theory]
    [InlineData("exit 7", 7)]
    [InlineData("kill -9 $$", 137)]
    public void It_tells_how_the_child_ended(string script, int code)
    {
        using var nothing = File.OpenHandle("/dev/null", access: FileAccess.ReadWrite);
        Assert.Equal(code, ChildProcess.Start(["/bin/sh", "-c", script], NoEnvironment, [nothing, nothing, nothing]).Wait());
    }

    [Fact]
    public void A_child_ignores_no_signal_though_the_runtime_does()
    {
        using var nothing = File.OpenHandle("/dev/null", access: FileAccess.ReadWrite);
        var (read, write) = ChildProcess.Pipe();
        using var output = new StreamReader(new FileStream(read, FileAccess.Read));
        var child = ChildProcess.Start(["/bin/grep", "-E", "^Sig(Ign|Blk)", "/proc/self/status"], NoEnvironment, [nothing, write, nothing]);
        write.Dispose();
        // 32 and 33 are the C library's own, which posix_spawn itself sets aside.
        Assert.Equal("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n", output.ReadToEnd().Replace("180000000", "000000000", StringComparison.Ordinal));
        Assert.Equal(0, child.Wait());
    }

    [Fact]
    public void A_missing_program_is_an_error_at_the_start()
    {
        using var nothing = File.OpenHandle("/dev/null", access: FileAccess.ReadWrite);
        var failure = Assert.Throws<LinuxException>(() => ChildProcess.Start(["/no/such/program"], NoEnvironment, [nothing, nothing, nothing]));
        Assert.Equal(2, failure.Errno);
    }

    [Fact]
    public void A_process_is_known_by_its_start_and_signalled_once()
    {
        using var child = Process.Start("/bin/sleep", "60");
        var identity = ProcessIdentity.Of(child.Id)!.Value;
        Assert.True(identity.Lives);
        Assert.InRange(DateTimeOffset.UtcNow - identity.StartedAt, TimeSpan.FromSeconds(-2), TimeSpan.FromSeconds(30));
        Assert.False((identity with { StartTime = identity.StartTime + 1 }).Signal(9));
        Assert.True(identity.Signal(9));
        child.WaitForExit();
        Assert.Equal(137, child.ExitCode);
        Assert.False(identity.Lives);
        Assert.False(identity.Signal(9));
    }
}
