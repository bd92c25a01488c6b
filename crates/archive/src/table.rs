//! Rows as Parquet. A number is an unsigned one; everything else is text, as the programs print it: addresses, hashes and
//! bytes as `0x` and digits, amounts as decimal digits. So a filter is written as it is copied, and an amount is exact up to
//! 2^256-1: Parquet's decimals end at 38 digits in DuckDB, and bytes do not add up. `amount::HUGEINT` calculates exactly below
//! 2^127, and refuses what is not.

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, Int32Type, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{ChunkReader, FileReader as _, SerializedFileReader};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::record::Field;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::TypePtr;
use std::io::Write;
use std::sync::Arc;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A number below 2^64.
    Long,
    /// A number below 2^32.
    Short,
    /// Text.
    Text,
    /// Text, or none.
    MaybeText,
    /// A number below 2^32, or none.
    MaybeShort,
}

/// A column: its name and what it holds.
pub(crate) type Column = (&'static str, Kind);

/// A value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    None,
    Number(u64),
    Text(String),
}

impl From<u64> for Cell {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<u32> for Cell {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::None, Into::into)
    }
}

/// A table, or a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [Column],
    pub(crate) rows: Vec<Vec<Cell>>,
}

impl Table {
    pub(crate) const fn new(name: &'static str, columns: &'static [Column]) -> Self {
        Self { name, columns, rows: Vec::new() }
    }

    /// Writes it, as one row group.
    pub(crate) fn write(&self, out: impl Write + Send) -> Result<(), ParquetError> {
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let mut writer = SerializedFileWriter::new(out, self.schema()?, Arc::new(properties))?;
        let mut group = writer.next_row_group()?;
        for (index, &(_, kind)) in self.columns.iter().enumerate() {
            self.write_column(&mut group, index, kind)?;
        }
        group.close()?;
        writer.close()?;
        Ok(())
    }

    fn write_column<W: Write + Send>(
        &self,
        group: &mut SerializedRowGroupWriter<'_, W>,
        index: usize,
        kind: Kind,
    ) -> Result<(), ParquetError> {
        let cells = || self.rows.iter().filter_map(|row| row.get(index));
        let is_there: Vec<i16> = cells().map(|cell| i16::from(*cell != Cell::None)).collect();
        let levels = matches!(kind, Kind::MaybeText | Kind::MaybeShort).then_some(&is_there[..]);
        let numbers = || cells().filter_map(|cell| if let Cell::Number(number) = cell { Some(*number) } else { None });
        let mut column = group.next_column()?.ok_or_else(|| ParquetError::General("a column too many".into()))?;
        match kind {
            Kind::Long => {
                let values: Vec<i64> = numbers().map(u64::cast_signed).collect();
                column.typed::<Int64Type>().write_batch(&values, levels, None)?;
            }
            Kind::Short | Kind::MaybeShort => {
                let short = |number| u32::try_from(number).map(u32::cast_signed);
                let values = numbers().map(short).collect::<Result<Vec<i32>, _>>();
                let values = values.map_err(|error| ParquetError::General(error.to_string()))?;
                column.typed::<Int32Type>().write_batch(&values, levels, None)?;
            }
            Kind::Text | Kind::MaybeText => {
                let texts = cells().filter_map(|cell| if let Cell::Text(text) = cell { Some(text) } else { None });
                let values: Vec<ByteArray> = texts.map(|text| ByteArray::from(text.as_str())).collect();
                column.typed::<ByteArrayType>().write_batch(&values, levels, None)?;
            }
        }
        column.close()
    }

    /// Reads it from a file of these columns and no others.
    pub(crate) fn read(
        name: &'static str,
        columns: &'static [Column],
        file: impl ChunkReader + 'static,
    ) -> Result<Self, ParquetError> {
        let mut table = Self::new(name, columns);
        let reader = SerializedFileReader::new(file)?;
        let metadata = reader.metadata().file_metadata();
        if metadata.schema() != table.schema()?.as_ref() {
            return Err(ParquetError::General(format!("its columns are not those of {name}")));
        }
        for row in reader.get_row_iter(None)? {
            let cells = row?.into_columns().into_iter().map(|(column, field)| match field {
                Field::Null => Ok(Cell::None),
                Field::ULong(number) => Ok(Cell::Number(number)),
                Field::UInt(number) => Ok(Cell::Number(number.into())),
                Field::Str(text) => Ok(Cell::Text(text)),
                _ => Err(ParquetError::General(format!("column {column} holds what it cannot hold"))),
            });
            table.rows.push(cells.collect::<Result<_, _>>()?);
        }
        Ok(table)
    }

    fn schema(&self) -> Result<TypePtr, ParquetError> {
        let mut text = format!("message {} {{", self.name);
        for (name, kind) in self.columns {
            let of = match kind {
                Kind::Long => format!("REQUIRED INT64 {name} (INTEGER(64,false));"),
                Kind::Short => format!("REQUIRED INT32 {name} (INTEGER(32,false));"),
                Kind::MaybeShort => format!("OPTIONAL INT32 {name} (INTEGER(32,false));"),
                Kind::Text => format!("REQUIRED BYTE_ARRAY {name} (STRING);"),
                Kind::MaybeText => format!("OPTIONAL BYTE_ARRAY {name} (STRING);"),
            };
            text.push_str(&of);
        }
        text.push('}');
        Ok(Arc::new(parse_message_type(&text)?))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use alloy::primitives::U256;
    use alloy::primitives::bytes::Bytes;

    const COLUMNS: &[Column] = &[
        ("block", Kind::Long),
        ("index", Kind::Short),
        ("amount", Kind::Text),
        ("sequence", Kind::MaybeShort),
        ("topic", Kind::MaybeText),
    ];

    #[test]
    fn every_value_comes_back_as_it_was() {
        let mut table = Table::new("amounts", COLUMNS);
        for amount in [U256::ZERO, U256::from(u128::MAX), U256::MAX] {
            let none = [u64::MAX.into(), u32::MAX.into(), amount.to_string().into(), Cell::None, Cell::None];
            let some = [0_u64.into(), 0_u32.into(), amount.to_string().into(), 7_u32.into(), String::new().into()];
            table.rows.extend([none.to_vec(), some.to_vec()]);
        }
        let mut file = Vec::new();
        table.write(&mut file).unwrap();
        assert_eq!(Table::read("amounts", COLUMNS, Bytes::from(file.clone())).unwrap(), table);
        // Half of it is nothing, and another table is not this one.
        assert!(Table::read("amounts", COLUMNS, Bytes::from(file[..file.len() / 2].to_vec())).is_err());
        assert!(Table::read("amounts", &COLUMNS[..4], Bytes::from(file)).is_err());
    }

    #[test]
    fn a_number_too_large_for_its_column_is_refused() {
        let mut table = Table::new("amounts", &COLUMNS[1..2]);
        table.rows.push(vec![Cell::Number(1 << 32)]);
        assert!(table.write(Vec::new()).is_err());
    }
}
