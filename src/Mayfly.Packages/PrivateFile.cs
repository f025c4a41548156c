namespace Mayfly.Packages;

/// <summary>A new file that nobody but its owner may read, and its digest as it is written: it is not read again to know that.</summary>
internal static class PrivateFile
{
    /// <returns>SHA-256 of its contents, lower-case hexadecimal.</returns>
    public static string Write(string path, Action<Stream> write)
    {
        using var file = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
        using var hashing = new HashingStream(file);
        write(hashing);
        return hashing.Finish();
    }
}
