using Mayfly.Packages.Transfer;

namespace Mayfly.Cli.Pip;

/// <summary>What pip says when it cannot do what it is asked.</summary>
/// <param name="lines">Each is printed after <c>ERROR: </c>.</param>
internal sealed class PipFailure(params string[] lines) : Exception(lines[0])
{
    public IReadOnlyList<string> Lines { get; } = [.. lines.Select(Login.Shown)];
}
