using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Mayfly.Docs.Tests;

/// <summary>What git knows of this clone, committed or about to be.</summary>
internal static class RepositoryFiles
{
    public static string Root { get; } = Find();

    /// <summary>Paths from the root of all files but ignored and removed ones.</summary>
    public static IReadOnlyList<string> All { get; } = List();

    /// <summary>The documents.</summary>
    public static IEnumerable<string> Documents => All.Where(path => path.EndsWith(".md", StringComparison.Ordinal));

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    private static string Find([CallerFilePath] string source = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(source)!, "../.."));

    private static string[] List()
    {
        var start = new ProcessStartInfo("git", ["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        {
            WorkingDirectory = Root,
            RedirectStandardOutput = true,
        };
        using var git = Process.Start(start)!;
        var files = git.StandardOutput.ReadToEnd().Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .Where(path => File.Exists(Path.Combine(Root, path))).ToArray();
        git.WaitForExit();
        Assert.Equal(0, git.ExitCode);
        Assert.Contains("README.md", files);
        return files;
    }
}
