using System.Diagnostics;

namespace Mayfly.EndToEnd.Tests.Faults;

/// <summary>
/// Something like a host of its own, with an agent of its own: other mounts, another network, another /run. What is spoilt in
/// it (full disks, taken ports, a kernel that lacks something) is spoilt for nobody else, and goes with it.
/// </summary>
internal sealed class OwnHost : IDisposable
{
    private readonly Process _keeper;

    public OwnHost()
    {
        // It ends with its standard input, and so with this program. The loopback is brought up by perl, which every Debian has:
        // SIOCSIFFLAGS with IFF_UP | IFF_RUNNING, netdevice(7).
        const string Script = """
            mount --make-rprivate / && mount -t tmpfs -o mode=755 tmpfs /run || exit 1
            perl -e 'socket(my $s, 2, 2, 0) or die; my $lo = pack("a16 s x22", "lo", 0x41); ioctl($s, 0x8914, $lo) or die $!' || exit 1
            echo ready
            exec cat >/dev/null
            """;
        _keeper = Process.Start(new ProcessStartInfo("unshare", ["--mount", "--net", "--", "sh", "-c", Script])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        Assert.Equal("ready", _keeper.StandardOutput.ReadLine());
    }

    /// <summary>Leads to its files, for those outside.</summary>
    public string Root => $"/proc/{_keeper.Id}/root";

    /// <summary>Runs a program that sees its mounts, but the network that the test has.</summary>
    public Task<Ended> RunOnNetworkAsync(IReadOnlyDictionary<string, string> environment, string program, params string[] arguments)
        => Tool.RunAsync("nsenter", ["--target", $"{_keeper.Id}", "--mount", "--", program, .. arguments], environment);

    private string[] Inside(string program, params string[] arguments) => ["--target", $"{_keeper.Id}", "--mount", "--net", "--", program, .. arguments];

    public Task<Ended> RunAsync(IReadOnlyDictionary<string, string> environment, string program, params string[] arguments)
        => Tool.RunAsync("nsenter", Inside(program, arguments), environment);

    public Process Start(IReadOnlyDictionary<string, string> environment, string program, params string[] arguments)
        => Tool.Start("nsenter", Inside(program, arguments), environment);

    /// <summary>A shell's command inside, which must succeed; gives its output.</summary>
    public async Task<string> ShellAsync(string script) => (await RunAsync(new Dictionary<string, string>(), "bash", "-c", script)).Succeeded().Output;

    /// <summary>The body that a port of this host answers with.</summary>
    public async Task<string> GetAsync(int port)
        => (await ShellAsync($"exec 3<>/dev/tcp/127.0.0.1/{port}; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3")).Split("\r\n\r\n")[^1];

    /// <summary>The agents that run in it.</summary>
    public IReadOnlyList<int> Agents()
    {
        var network = new FileInfo($"/proc/{_keeper.Id}/ns/net").LinkTarget;
        return [.. Directory.EnumerateDirectories("/proc").Select(path => int.TryParse(Path.GetFileName(path), out var id) ? id : 0).Where(id => id > 0 && IsAgent(id, network))];
    }

    private static bool IsAgent(int process, string? network)
    {
        try
        {
            return new FileInfo($"/proc/{process}/ns/net").LinkTarget == network
                && File.ReadAllText($"/proc/{process}/cmdline").Split('\0') is [var first, ..] words
                && first.EndsWith("dotnet", StringComparison.Ordinal) && words.Any(word => word.EndsWith("Mayfly.Agent.dll", StringComparison.Ordinal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        _keeper.StandardInput.Close();
        _keeper.WaitForExit();
        _keeper.Dispose();
    }
}
