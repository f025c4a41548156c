namespace Mayfly.Packages.Archives;

/// <summary>
/// An archive that is damaged or hostile: what is wrong with it, without its name, which whoever opened it adds.
/// </summary>
internal sealed class ArchiveException(string message, Exception? inner = null) : MayflyException(message, null, inner);
