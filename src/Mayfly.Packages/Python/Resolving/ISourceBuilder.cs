namespace Mayfly.Packages.Python.Resolving;

/// <summary>Builds wheels of sources, which needs an interpreter and environments; nothing here knows of those.</summary>
public interface ISourceBuilder
{
    /// <summary>What the wheel would say of itself.</summary>
    /// <exception cref="MayflyException">It cannot be told; the message has what the build said.</exception>
    Task<CoreMetadata> MetadataAsync(SourceTree source, CancellationToken cancellationToken);

    /// <summary>What building needs, in the project's words and then in those of what builds it.</summary>
    /// <exception cref="MayflyException">It cannot be told; the message has what the build said.</exception>
    Task<IReadOnlyList<DependencySpecifier>> RequirementsAsync(SourceTree source, CancellationToken cancellationToken);

    /// <summary>The wheel.</summary>
    /// <exception cref="MayflyException">It cannot be built; the message has what the build said.</exception>
    Task<BuiltWheel> BuildAsync(SourceTree source, CancellationToken cancellationToken);
}
