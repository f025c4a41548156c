namespace Mayfly.Environments;

/// <summary>Programs in other languages that this assembly carries.</summary>
internal static class EmbeddedText
{
    /// <param name="name">As the project file names it, without what all begin with.</param>
    public static string Of(string name)
    {
        using var reader = new StreamReader(typeof(EmbeddedText).Assembly.GetManifestResourceStream($"Mayfly.Environments.{name}")!);
        return reader.ReadToEnd();
    }
}
