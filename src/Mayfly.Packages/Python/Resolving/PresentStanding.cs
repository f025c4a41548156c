namespace Mayfly.Packages.Python.Resolving;

/// <summary>What becomes of a distribution that is there already.</summary>
public enum PresentStanding
{
    /// <summary>It is one version among others: the newest is taken.</summary>
    Equal,

    /// <summary>It is taken before any other, as long as what is asked for leaves it.</summary>
    Preferred,

    /// <summary>There is no other: no index is asked for its project.</summary>
    Fixed,
}
