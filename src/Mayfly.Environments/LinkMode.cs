namespace Mayfly.Environments;

/// <summary>What the files of an environment have to do with those of the store and of other environments.</summary>
public enum LinkMode
{
    /// <summary>Nothing but blocks that the file system shares where it can: who writes into one changes no other.</summary>
    Copy,

    /// <summary>They are the same files, read-only, by hard links; what is made for one environment is its own.</summary>
    Hardlink,
}
