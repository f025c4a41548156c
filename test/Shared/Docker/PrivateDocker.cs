using System.Diagnostics;

namespace Mayfly.Docker;

/// <summary>
/// Debian's Docker engine to compare with, in mount, network and process namespaces of its own: it keeps everything in one folder, its
/// bridge and rules are not the host's, and all of it ends when it is disposed or this process is killed.
/// </summary>
internal sealed class PrivateDocker : IDisposable
{
    /// <summary>What the machine must have; Debian's packages docker.io and iptables bring it.</summary>
    public static readonly IReadOnlyList<string> Programs = ["dockerd", "docker", "containerd", "runc", "iptables"];

    private const string Script = """
        set -e
        mount -t proc proc /proc
        # Also because a socket's path must be short.
        mount -t tmpfs -o mode=755 tmpfs /run
        # Not in place of this shell, which is process 1 here and takes the orphans.
        dockerd --host "unix://$1/docker.sock" --data-root "$1/data" --exec-root /run/docker --pidfile /run/docker.pid >"$1/log" 2>&1 &
        wait $!
        """;

    private readonly Process _process;

    private PrivateDocker(string folder, Process process) => (Folder, _process) = (folder, process);

    public string Folder { get; }

    /// <summary>Starts it and waits until it answers.</summary>
    /// <exception cref="InvalidOperationException">It does not; the message holds the end of its log.</exception>
    public static async Task<PrivateDocker> StartAsync(string folder, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        var start = new ProcessStartInfo("unshare", ["--mount", "--net", "--pid", "--fork", "--kill-child", "sh", "-c", Script, "docker", folder]) { RedirectStandardInput = true };
        start.Environment["PATH"] += ":/usr/sbin:/sbin";
        var docker = new PrivateDocker(folder, Process.Start(start)!);
        try
        {
            for (var until = DateTime.UtcNow.AddSeconds(60); ; await Task.Delay(100, cancellationToken))
            {
                if ((await docker.TryAsync(["version"], cancellationToken)).Code == 0)
                    return docker;
                if (docker._process.HasExited || DateTime.UtcNow > until)
                    throw new InvalidOperationException($"dockerd does not answer:\n{string.Join('\n', File.ReadLines(Path.Combine(folder, "log")).TakeLast(12))}");
            }
        }
        catch
        {
            docker.Dispose();
            throw;
        }
    }

    /// <summary>Runs <c>docker</c> with these arguments; what it printed.</summary>
    public async Task<string> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var (code, output) = await TryAsync(arguments, cancellationToken);
        return code == 0 ? output : throw new InvalidOperationException($"docker {string.Join(' ', arguments)} ended with code {code}:\n{output}");
    }

    /// <summary>The engine's own processes: dockerd, and containerd, which it starts.</summary>
    public IReadOnlyList<int> Processes()
    {
        List<int> found = [];
        Queue<int> open = new([_process.Id]);
        while (open.TryDequeue(out var parent))
        {
            // Each thread has children of its own.
            foreach (var child in Directory.EnumerateDirectories($"/proc/{parent}/task").SelectMany(thread => File.ReadAllText($"{thread}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries)).Select(int.Parse))
            {
                open.Enqueue(child);
                if (File.ReadAllText($"/proc/{child}/comm").Trim() is "dockerd" or "containerd")
                    found.Add(child);
            }
        }

        return found;
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        // Its mounts go with the last process of its namespace, a moment after the first.
        for (var tries = 0; Directory.Exists(Folder); tries++)
        {
            try
            {
                Directory.Delete(Folder, recursive: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException && tries < 50)
            {
                Thread.Sleep(100);
            }
        }
    }

    private async Task<(int Code, string Output)> TryAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        using var client = Process.Start(new ProcessStartInfo("docker", ["--host", $"unix://{Folder}/docker.sock", .. arguments]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (client.StandardOutput.ReadToEndAsync(cancellationToken), client.StandardError.ReadToEndAsync(cancellationToken));
        await client.WaitForExitAsync(cancellationToken);
        return (client.ExitCode, await output + await error);
    }
}
