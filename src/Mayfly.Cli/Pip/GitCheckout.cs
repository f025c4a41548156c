using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Mayfly.Cli.Pip;

/// <summary>The Git repository that a project's folder is in, as <c>pip freeze</c> tells of it.</summary>
/// <param name="Remote">Its first remote, or <c>origin</c>, as pip takes addresses; null for none.</param>
/// <param name="Commit">What is checked out.</param>
/// <param name="Subdirectory">Where in it the project is; null for its root.</param>
internal sealed partial record GitCheckout(string? Remote, string Commit, string? Subdirectory)
{
    /// <summary>Null when it is in none, or nobody can tell since there is no git.</summary>
    public static GitCheckout? Find(string folder)
    {
        // Most folders are in none, and need no process to say so.
        if (!Above(folder).Any(static one => Path.Exists($"{one}/.git")) || Git(folder, "rev-parse", "--show-toplevel") is not { } root)
            return null;
        var remotes = (Git(folder, "config", "--get-regexp", @"remote\..*\.url") ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var remote = (remotes.FirstOrDefault(static one => one.StartsWith("remote.origin.url ", StringComparison.Ordinal)) ?? remotes.FirstOrDefault())?.Split(' ')[1];
        var project = Above(folder).FirstOrDefault(static one => File.Exists($"{one}/pyproject.toml") || File.Exists($"{one}/setup.py"));
        var inside = project is null ? "." : Path.GetRelativePath(root, project);
        return Git(folder, "rev-parse", "HEAD") is { } commit ? new GitCheckout(remote is null ? null : $"git+{Address(remote)}", commit, inside == "." ? null : inside) : null;
    }

    private static IEnumerable<string> Above(string folder)
    {
        for (var one = folder; one is { Length: > 0 }; one = Path.GetDirectoryName(one))
            yield return one;
    }

    private static string Address(string remote) => Scheme().IsMatch(remote) ? remote : Path.Exists(remote) ? new Uri(remote).AbsoluteUri : Copy().Match(remote) is { Success: true } copy ? $"ssh://{copy.Groups[1].Value}{copy.Groups[2].Value}/{copy.Groups[3].Value}" : remote;

    private static string? Git(string folder, params string[] words)
    {
        try
        {
            var start = new ProcessStartInfo("git", words) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
            using var git = Process.Start(start)!;
            git.StandardInput.Close();
            var error = git.StandardError.ReadToEndAsync();
            var output = git.StandardOutput.ReadToEnd();
            git.WaitForExit();
            error.Wait();
            return git.ExitCode == 0 ? output.Trim() : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    [GeneratedRegex(@"^\w+://")]
    private static partial Regex Scheme();

    /// <summary>As scp writes it: <c>git@host:path</c>.</summary>
    [GeneratedRegex(@"^(\w+@)?([^/:]+):(\w[^:]*)$")]
    private static partial Regex Copy();
}
