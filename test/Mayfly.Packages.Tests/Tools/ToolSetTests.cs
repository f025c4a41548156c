using System.Diagnostics;
using Mayfly.Packages.Debian;
using Mayfly.Packages.Tools;

namespace Mayfly.Packages.Tests.Tools;

/// <summary>The real programs of the real archive, run through their own loader.</summary>
[Trait("needs", "root")]
public sealed class ToolSetTests : IDisposable
{
    private readonly TemporaryStore _temporary = new();

    public void Dispose() => _temporary.Dispose();

    [Theory]
    [InlineData("bookworm")]
    [InlineData("trixie")]
    public async Task The_tools_of_a_lock_run_with_their_own_libraries(string codename)
    {
        var store = _temporary.Store;
        var sources = DebianSources.Discover(codename, "amd64");
        var index = await IndexFetch.ReadAsync(store, sources);
        var made = DebianLock.Create(index, [new SetRequest(SetRequest.Base, []), ToolSet.Request]);
        Assert.Null(ToolSet.Find(store, made));
        var set = made.Sets.Single(static set => set.Name == ToolSet.SetName).Stages.SelectMany(static stage => stage.Packages).ToHashSet();
        await Fetch.AllAsync(store, sources, [.. made.Packages.Where(package => set.Contains(package.Id))]);

        var tools = await ToolSet.EnsureAsync(store, made);

        Assert.Equal(tools, ToolSet.Find(store, made));
        Assert.StartsWith("crun version", Output(tools.Crun, "--version"), StringComparison.Ordinal);
        Assert.StartsWith("conmon version", Output(tools.Conmon, "--version"), StringComparison.Ordinal);
        Assert.StartsWith("nftables", Output(tools.Nft, "--version"), StringComparison.Ordinal);
        // crun executes a copy of itself through /proc/self/exe, which is the loader here; a real container shows that it finds its way.
        Assert.StartsWith("nftables", RunContainer(tools), StringComparison.Ordinal);
    }

    private string RunContainer(ToolSet tools)
    {
        var bundle = Directory.CreateDirectory(Path.Combine(_temporary.Folder, "bundle")).FullName;
        var usr = Path.GetFullPath(Path.Combine(tools.Crun, "../../root/usr"));
        foreach (var folder in (string[])["usr", "proc", "dev"])
            Directory.CreateDirectory(Path.Combine(bundle, "rootfs", folder));
        foreach (var link in (string[])["bin", "lib", "lib64"])
            File.CreateSymbolicLink(Path.Combine(bundle, "rootfs", link), "usr/" + link);
        File.WriteAllText(Path.Combine(bundle, "config.json"), $$"""
            {
              "ociVersion": "1.0.0",
              "process": { "terminal": false, "user": { "uid": 0, "gid": 0 }, "args": ["/usr/sbin/nft", "--version"], "env": [], "cwd": "/" },
              "root": { "path": "rootfs", "readonly": true },
              "mounts": [ { "destination": "/proc", "type": "proc", "source": "proc" },
                { "destination": "/dev", "type": "tmpfs", "source": "tmpfs" },
                { "destination": "/usr", "type": "bind", "source": "{{usr}}", "options": ["bind", "ro"] } ],
              "linux": { "namespaces": [ { "type": "pid" }, { "type": "mount" }, { "type": "ipc" }, { "type": "uts" } ] }
            }
            """);
        var id = $"mayfly-test-{Environment.ProcessId}-{Path.GetFileName(_temporary.Folder)}";
        // crun refuses a hierarchy of both versions, which test machines have; a private mount namespace takes the second away.
        return Output("unshare", "-m", "sh", "-c", "umount /sys/fs/cgroup/unified 2>/dev/null; exec \"$@\"", "sh",
            tools.Crun, "--cgroup-manager=disabled", "--root", Path.Combine(_temporary.Folder, "run"), "run", "--bundle", bundle, id);
    }

    private static string Output(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program}: {errors.Result}");
        return output;
    }
}
