namespace Mayfly.EndToEnd.Tests;

/// <summary>Counts what a stack has left on the host, by looking at the host and not by asking Mayfly.</summary>
internal static class Leftovers
{
    public static async Task<IReadOnlyList<string>> FindAsync(string stack)
    {
        var found = new List<string>();
        var mark = $"mayfly/{stack}/";
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(path => int.TryParse(Path.GetFileName(path), out _)))
        {
            if (Read($"{process}/cmdline") is { } words && (words.Contains($"{stack}-", StringComparison.Ordinal) && words.Contains("conmon", StringComparison.Ordinal))
                || Read($"{process}/cgroup")?.Contains(mark, StringComparison.Ordinal) == true)
                found.Add($"process {Path.GetFileName(process)}");
        }

        found.AddRange(File.ReadLines("/proc/self/mounts").Where(line => line.Contains($"/instances/{stack}-", StringComparison.Ordinal)).Select(line => $"mount {line}"));
        found.AddRange(Directory.EnumerateDirectories("/sys/class/net").Where(path => Path.GetFileName(path).Equals($"mf-{stack}", StringComparison.Ordinal)).Select(path => $"link {Path.GetFileName(path)}"));
        if (Directory.Exists("/run/mayfly/instances"))
            found.AddRange(Directory.EnumerateDirectories("/run/mayfly/instances", $"{stack}-*").Select(path => $"folder {path}"));
        if (Directory.Exists("/dev/shm"))
            found.AddRange(Directory.EnumerateDirectories("/dev/shm", $"mayfly-{stack}-*").Select(path => $"copy {path}"));
        foreach (var controller in Directory.EnumerateDirectories("/sys/fs/cgroup").Append("/sys/fs/cgroup"))
        {
            if (Directory.Exists(Path.Combine(controller, "mayfly", stack)))
                found.Add($"control group {controller}/mayfly/{stack}");
        }

        var rules = await Tool.RunAsync(Nft(), "list", "tables");
        found.AddRange(rules.Output.Split('\n').Where(line => line.Contains($"mayfly-{stack}", StringComparison.Ordinal)).Select(line => $"rules {line}"));
        return found;
    }

    /// <summary>The host's own, else the one that Mayfly has brought: a bare host has no other.</summary>
    private static string Nft()
    {
        const string Own = "/usr/sbin/nft";
        return File.Exists(Own) ? Own : Directory.EnumerateDirectories(Path.Combine(HostStore.Folder, "tools")).Select(tools => Path.Combine(tools, "bin/nft")).First(File.Exists);
    }

    private static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
