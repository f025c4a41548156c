using System.Text.Json.Nodes;
using Mayfly.Linux;

namespace Mayfly.Benchmarks;

/// <summary>The OCI runtime by itself: its own default configuration, over the same layers, which are mounted once for all runs.</summary>
internal sealed class BareCrun : IDisposable
{
    private const string Hybrid = "/sys/fs/cgroup/unified";

    private readonly string _folder;
    private readonly string _program = Outside.Find("crun")!;
    private readonly NamespaceThread _mounts = new(Namespaces.Mounts, "bare crun");

    private BareCrun(string folder) => _folder = folder;

    private string Bundle => Path.Combine(_folder, "bundle");

    public static async Task<BareCrun> PrepareAsync(string folder, IReadOnlyList<string> layers, IReadOnlyList<string> command, CancellationToken cancellationToken)
    {
        var bare = new BareCrun(folder);
        foreach (var name in (string[])["bundle/rootfs", "upper", "work", "state"])
            Directory.CreateDirectory(Path.Combine(folder, name));
        await Outside.RunAsync([bare._program, "spec", "--bundle", bare.Bundle], cancellationToken);
        var path = Path.Combine(bare.Bundle, "config.json");
        var configuration = JsonNode.Parse(await File.ReadAllTextAsync(path, cancellationToken))!;
        configuration["process"]!["terminal"] = false;
        configuration["process"]!["args"] = new JsonArray([.. command.Select(word => JsonValue.Create(word))]);
        configuration["root"]!["readonly"] = false;
        await File.WriteAllTextAsync(path, configuration.ToJsonString(), cancellationToken);
        bare._mounts.Run(() =>
        {
            Mounts.Mount("overlay", Path.Combine(bare.Bundle, "rootfs"), "overlay", MountFlags.None,
                $"lowerdir={string.Join(':', layers.Reverse())},upperdir={folder}/upper,workdir={folder}/work");
            // crun up to 1.8 refuses a host that has this tree beside those of version 1.
            if (Directory.Exists(Hybrid))
                Mounts.Detach(Hybrid);
        });
        return bare;
    }

    /// <summary>Its exit code.</summary>
    public int Run()
    {
        using var nothing = File.OpenHandle("/dev/null", access: FileAccess.ReadWrite);
        return _mounts.Run(() => ChildProcess.Start([_program, "--root", Path.Combine(_folder, "state"), "run", "--bundle", Bundle, "measured"],
            new Dictionary<string, string> { ["PATH"] = "/usr/bin:/bin" }, [nothing, nothing, nothing])).Wait();
    }

    public void Dispose() => _mounts.Dispose();
}
