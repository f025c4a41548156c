using Mayfly.Resolver;

namespace Mayfly.Packages.Debian;

/// <summary>Requests that no selection of packages meets.</summary>
public sealed class UnresolvableException(string message, string hint, Derivation? derivation) : MayflyException(message, hint)
{
    /// <summary>Why not, as data; null when the request itself names nothing.</summary>
    public Derivation? Derivation { get; } = derivation;
}
