namespace Mayfly.Packages;

/// <summary>A lock file that cannot be used; the message names file, line and reason.</summary>
public sealed class LockFileException(string message, string? hint = null, Exception? inner = null) : MayflyException(message, hint, inner);
