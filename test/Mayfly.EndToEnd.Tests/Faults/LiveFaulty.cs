using System.Diagnostics;
using System.Text.Json;

namespace Mayfly.EndToEnd.Tests.Faults;

/// <summary>The stack of <c>stacks/faulty</c> in a host of its own, gone with the test.</summary>
internal sealed class LiveFaulty(FaultGround ground) : IDisposable
{
    public const int Port = 18087;

    private string _store = ground.Store;

    public OwnHost Host { get; } = new();

    public string Folder { get; } = ground.NewFolder();

    /// <summary>Another store than the common one.</summary>
    public string Store { get => _store; init => _store = value; }

    public string StackFolder { get; init; } = ground.StackFolder;

    /// <param name="variables">More, as <c>NAME=VALUE</c>.</param>
    public Dictionary<string, string> Environment(params string[] variables)
        => FaultGround.Environment(_store, ground.Configuration, [.. variables.Select(variable => (variable.Split('=')[0], variable.Split('=', 2)[1]))]);

    public Task<Ended> UpAsync(params string[] variables) => MayflyAsync(["up", StackFolder], variables);

    public Process StartUp(params string[] variables) => Host.Start(Environment(variables), Path.Combine(Tool.Repository, "mayfly"), "up", StackFolder);

    public Task<Ended> MayflyAsync(string[] words, params string[] variables) => Host.RunAsync(Environment(variables), Path.Combine(Tool.Repository, "mayfly"), words);

    /// <summary>When each live instance was started: the same afterwards means untouched.</summary>
    public async Task<IReadOnlyList<string>> StartedAsync()
    {
        using var status = JsonDocument.Parse((await MayflyAsync(["status", StackFolder, "--json"])).Succeeded().Output);
        return [.. status.RootElement.GetProperty("instances").EnumerateArray().Select(row => $"{row.GetProperty("instance")} {row.GetProperty("phase")} {row.GetProperty("startedAt")}")];
    }

    /// <summary>Nothing of the stack runs, is mounted, or answers.</summary>
    /// <param name="answers">Something else answers on its port.</param>
    public async Task IsDownAsync(bool answers = false)
    {
        Assert.Equal("", (await Host.ShellAsync("grep -h /instances/faulty- /proc/self/mounts; ls -d /run/mayfly/instances/faulty-* /sys/fs/cgroup/*/mayfly/faulty /sys/fs/cgroup/mayfly/faulty 2>/dev/null; true")).Trim());
        Assert.Equal(answers, (await Host.RunAsync(Environment(), "bash", "-c", $"exec 3<>/dev/tcp/127.0.0.1/{Port}")).ExitCode == 0);
    }

    public void Dispose()
    {
        MayflyAsync(["down", StackFolder, "--volumes"]).GetAwaiter().GetResult();
        // The agent ends by itself when it has nothing to do, and looks at its store until then.
        foreach (var agent in Host.Agents())
        {
            using var process = Process.GetProcessById(agent);
            process.WaitForExit(TimeSpan.FromSeconds(10));
        }

        Host.Dispose();
        if (Directory.Exists(StackFolder))
            File.Delete(Path.Combine(StackFolder, "stack.lock"));
    }
}
