using System.Diagnostics;
using Mayfly.Packages.Tests.Debian;

namespace Mayfly.Packages.Tests.Python;

/// <summary>A clone in a folder, and what a server of files has of it: by the protocol for servers that know nothing of git.</summary>
/// <param name="folder">The clone.</param>
/// <param name="server">The server.</param>
/// <param name="path">Below its address: <c>x/work.git</c>.</param>
internal sealed class ServedRepository(string folder, FaultyServer server, string path)
{
    public ServedRepository Begin()
    {
        Git("init", "--quiet", "--initial-branch=main");
        return this;
    }

    /// <summary>All that is in the folder.</summary>
    /// <returns>The commit.</returns>
    public string Commit(string message)
    {
        Git("add", "--all", "--force");
        Git("-c", "user.name=x", "-c", "user.email=x@y", "commit", "--quiet", $"--message={message}");
        return Git("rev-parse", "HEAD").Trim();
    }

    /// <summary>As it is now; what is gone from it is gone from the server.</summary>
    public void Publish()
    {
        Git("update-server-info");
        foreach (var former in server.Files.Keys.Where(name => name.StartsWith($"{path}/refs/", StringComparison.Ordinal)))
            server.Files.TryRemove(former, out _);
        foreach (var file in Directory.GetFiles($"{folder}/.git", "*", SearchOption.AllDirectories))
            server.Files[$"{path}/{Path.GetRelativePath($"{folder}/.git", file)}"] = File.ReadAllBytes(file);
        server.Files[$"{path}/info/refs?service=git-upload-pack"] = File.ReadAllBytes($"{folder}/.git/info/refs");
    }

    public string Git(params string[] words)
    {
        using var process = Process.Start(new ProcessStartInfo("git", ["-C", folder, .. words]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, output + error.Result);
        return output;
    }
}
