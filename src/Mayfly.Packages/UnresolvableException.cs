using Mayfly.Packages.Python;
using Mayfly.Resolver;

namespace Mayfly.Packages;

/// <summary>Requests that no selection of packages meets.</summary>
public sealed class UnresolvableException(string message, string hint, Derivation? derivation) : MayflyException(message, hint)
{
    /// <summary>Why not, as data; null when the request itself names nothing.</summary>
    public Derivation? Derivation { get; } = derivation;

    /// <summary>True where a held version has part in it: without the hold there may be an answer.</summary>
    public bool IsByHold { get; init; }

    /// <summary>Python projects of which there may be sources that would do, from which nothing may be built.</summary>
    public IReadOnlyList<ProjectName> Withheld { get; init; } = [];

    /// <summary>The same, said of a set of the lock.</summary>
    internal UnresolvableException Of(string set) => new($"{set}: {Message}", Hint!, Derivation) { IsByHold = IsByHold };
}
