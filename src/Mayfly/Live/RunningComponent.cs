using Mayfly.Machines;

namespace Mayfly.Live;

/// <summary>A component as it runs: all of its replicas.</summary>
public sealed class RunningComponent
{
    private readonly IProvider _provider;
    private readonly IReadOnlyList<InstanceState> _instances;
    private readonly CancellationToken _cancellationToken;

    internal RunningComponent(string name, IProvider provider, IReadOnlyList<InstanceState> instances, CancellationToken cancellationToken)
        => (Name, _provider, _instances, _cancellationToken) = (name, provider, instances, cancellationToken);

    /// <summary>The component's name.</summary>
    public string Name { get; }

    /// <summary>How many replicas run.</summary>
    public int Replicas => _instances.Count;

    /// <summary>Runs a command in the first replica, as the component's user; what it prints is returned.</summary>
    /// <param name="command">Words are split at blanks; no shell reads them unless one is named.</param>
    /// <exception cref="MayflyException">The command ended with another exit code than 0; the message holds its output.</exception>
    public async Task<string> Exec(string command)
    {
        if (_instances is not [var instance, ..])
            throw new MayflyException($"no replica of {Name} runs", "look at `mayfly status`");
        var result = await _provider.ExecAsync(instance.Id, CommandLine.Split(command), _cancellationToken);
        return result.ExitCode == 0
            ? result.Output
            : throw new MayflyException($"`{command}` on {Name} ended with exit code {result.ExitCode}:\n{result.Output.TrimEnd()}");
    }
}
