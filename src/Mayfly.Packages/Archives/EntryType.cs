namespace Mayfly.Packages.Archives;

/// <summary>What an entry of an archive or a manifest is. The values are part of the manifest's format.</summary>
public enum EntryType : byte
{
    File = 0,
    HardLink = 1,
    SymbolicLink = 2,
    CharacterDevice = 3,
    BlockDevice = 4,
    Directory = 5,
    Fifo = 6,
}
