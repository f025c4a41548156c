namespace Mayfly.Machines.Local;

/// <summary>What the host holds for a stack: taken away as a whole, and counted.</summary>
public static class Leftovers
{
    /// <summary>Ends everything of a stack and removes it from the host: instances, control groups, ports, links. Volumes and secrets stay.</summary>
    public static Task RemoveAsync(Runtime runtime, Network network, Volumes volumes, string stack, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>What is there of a stack now, each thing by name; empty when nothing is. A null stack asks for all of Mayfly's.</summary>
    public static Task<IReadOnlyList<string>> FindAsync(RuntimePrograms programs, string? stack, CancellationToken cancellationToken, string runFolder = Runtime.DefaultRunFolder) => throw new NotImplementedException();
}
