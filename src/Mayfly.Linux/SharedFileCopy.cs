namespace Mayfly.Linux;

/// <summary>What becomes of a file when its tree is copied, where other trees have it too: it has several names, and nobody may write it.</summary>
public enum SharedFileCopy
{
    /// <summary>It is copied as it is, with all its names in the tree.</summary>
    AsItIs,

    /// <summary>It gets one more name.</summary>
    Linked,

    /// <summary>Each of its names becomes a file of its own, which its owner may write.</summary>
    Apart,
}
