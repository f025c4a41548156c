namespace Mayfly.Packages.Debian;

/// <summary>A Release file whose sums prove nothing; its message is read behind the place's address.</summary>
internal sealed class WeakReleaseException(string message) : FormatException(message);
