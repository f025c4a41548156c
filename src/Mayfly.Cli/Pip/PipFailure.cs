using Mayfly.Packages.Transfer;

namespace Mayfly.Cli.Pip;

/// <summary>What pip says when it cannot do what it is asked.</summary>
/// <param name="lines">Each is printed after <c>ERROR: </c>.</param>
internal sealed class PipFailure(params string[] lines) : Exception(lines[0])
{
    public IReadOnlyList<string> Lines { get; } = [.. lines.Select(Login.Shown)];

    /// <summary>What to do next, where pip would have to do with Mayfly; null for nothing.</summary>
    public string? Hint { get; init; }
}
