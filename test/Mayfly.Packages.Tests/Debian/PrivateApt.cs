using System.Diagnostics;

namespace Mayfly.Packages.Tests.Debian;

/// <summary>The host's apt with lists, sources and keys of its own, which knows one archive.</summary>
internal sealed class PrivateApt : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public PrivateApt(Uri archive, SigningKey key)
    {
        Directory.CreateDirectory(Path.Combine(_folder.Path, "lists/partial"));
        Directory.CreateDirectory(Path.Combine(_folder.Path, "cache/archives/partial"));
        File.WriteAllBytes(Path.Combine(_folder.Path, "key.asc"), key.Public.ToArray());
        File.WriteAllText(Path.Combine(_folder.Path, "sources.list"), $"deb [signed-by={_folder.Path}/key.asc arch=amd64] {archive} bookworm main\n");
        File.WriteAllText(Path.Combine(_folder.Path, "status"), "");
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>The exit code of <c>apt-get update</c> that counts every failure, and what it complained of.</summary>
    public async Task<(int Code, string Said)> UpdateAsync()
    {
        var start = new ProcessStartInfo("apt-get",
        [
            "update", "--error-on=any", "-q",
            "-o", $"Dir::State::lists={_folder.Path}/lists", "-o", $"Dir::State::status={_folder.Path}/status", "-o", $"Dir::Cache={_folder.Path}/cache",
            "-o", $"Dir::Etc::SourceList={_folder.Path}/sources.list", "-o", "Dir::Etc::SourceParts=/dev/null", "-o", "Dir::Etc::Trusted=/dev/null", "-o", "Dir::Etc::TrustedParts=/dev/null",
            "-o", "APT::Architecture=amd64", "-o", "APT::Sandbox::User=root", "-o", "Acquire::Languages=none", "-o", "Acquire::Retries=0", "-o", "Acquire::http::Proxy::127.0.0.1=DIRECT",
            // Images of old snapshots switch these checks off.
            "-o", "Debug::NoLocking=1", "-o", "Acquire::Check-Valid-Until=true", "-o", "Acquire::Check-Date=true", "-o", "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false",
        ])
        { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LC_ALL"] = "C.UTF-8";
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await error);
    }
}
