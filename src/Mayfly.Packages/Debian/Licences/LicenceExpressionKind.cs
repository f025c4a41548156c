namespace Mayfly.Packages.Debian.Licences;

public enum LicenceExpressionKind
{
    /// <summary>A single licence.</summary>
    One,

    /// <summary>All of the parts at once.</summary>
    All,

    /// <summary>Any of the parts, as the user chooses.</summary>
    Any,

    /// <summary>The parts are named, but the format does not say how they hang together; whoever judges takes all.</summary>
    Unclear,
}
