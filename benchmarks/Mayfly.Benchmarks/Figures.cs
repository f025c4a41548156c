namespace Mayfly.Benchmarks;

/// <summary>Every figure, in the order of the document.</summary>
internal static class Figures
{
    public static IReadOnlyList<Figure> All { get; } = [new ImageFigure(inMemory: false), new ImageFigure(inMemory: true), new LockFigure(), new FetchFigure(), new EnvironmentFigure(inMemory: false), new EnvironmentFigure(inMemory: true), new StartFigure(), new UpFigure(), new MemoryFigure()];
}
